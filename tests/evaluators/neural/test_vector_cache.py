from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from evaluators.neural.vector_cache import VectorCache, cache_home

MIB = 1 << 20


def put(cache: VectorCache, *texts: str, tokens: int = 3, width: int = 4) -> torch.Tensor:
    vectors = torch.randn(len(texts) * tokens, width)
    starts = [tokens * n for n in range(len(texts))]
    ids = torch.arange(len(texts) * tokens, dtype=torch.int32)
    cache.add(texts, starts, [n == 1 for n in range(len(texts))], ids, vectors)
    return vectors


def test_another_cache_finds_what_one_kept(tmp_path: Path) -> None:
    vectors = put(VectorCache(tmp_path, "model a", MIB), "가", "나", "다")
    again = VectorCache(tmp_path, "model a", MIB)
    found = again.get("나")
    torch.testing.assert_close(found.vectors, vectors[3:6])
    assert found.ids.tolist() == [3, 4, 5]
    assert found.cut
    assert again.get("라") is None
    assert VectorCache(tmp_path, "model b", MIB).get("나") is None


def test_what_was_kept_is_found_at_once(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path, "model", MIB)
    put(cache, "가")
    put(cache, "나")
    assert cache.get("가") is not None
    assert cache.get("나") is not None


def test_a_lone_surrogate_is_a_text_like_any_other(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path, "model", MIB)
    put(cache, "\ud800가")
    assert cache.get("\ud800가") is not None


def test_the_least_recently_used_file_goes(tmp_path: Path) -> None:
    for age, text in ((3, "가"), (2, "나"), (1, "다")):
        put(VectorCache(tmp_path, text, MIB), text, tokens=50)
        newest = max(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime)
        os.utime(newest, (1000 - age, 1000 - age))
    assert VectorCache(tmp_path, "가", MIB).get("가") is not None  # used just now
    size = max(path.stat().st_size for path in tmp_path.iterdir())
    put(VectorCache(tmp_path, "라", 2 * size + 1024), "라", tokens=50)
    held = {text for text in "가나다라" if VectorCache(tmp_path, text, MIB).get(text) is not None}
    assert held == {"가", "라"}


def test_a_run_too_large_keeps_its_first_part(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(VectorCache(tmp_path, "another", MIB), "하", tokens=50)
    cache = VectorCache(tmp_path, "model", 4000)
    for text in "가나다라":
        put(cache, text, tokens=50)
    held = [cache.get(text) is not None for text in "가나다라"]
    assert held == [True, True, False, False]
    assert caplog.text.count("the rest is not cached") == 1
    assert VectorCache(tmp_path, "another", MIB).get("하") is None
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 4000


def test_what_cannot_fit_drives_nothing_out(tmp_path: Path) -> None:
    put(VectorCache(tmp_path, "model", MIB), "가")
    put(VectorCache(tmp_path, "model", 3000), "나", tokens=1000)
    assert VectorCache(tmp_path, "model", MIB).get("가") is not None


@pytest.mark.parametrize("damage", ["torn", "empty", "text"])
def test_a_damaged_file_is_dropped(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    put(VectorCache(tmp_path, "model", MIB), "가", tokens=500)
    path = next(tmp_path.iterdir())
    content = path.read_bytes()
    path.write_bytes({"torn": content[:-100], "empty": b"", "text": b"no tensors here"}[damage])
    cache = VectorCache(tmp_path, "model", MIB)
    assert cache.get("가") is None
    assert not path.exists()
    assert "cannot be read" in caplog.text


def test_a_file_removed_by_another_process_still_serves_its_reader(tmp_path: Path) -> None:
    vectors = put(VectorCache(tmp_path, "model", MIB), "가", tokens=500)
    cache = VectorCache(tmp_path, "model", MIB)
    next(tmp_path.iterdir()).unlink()
    torch.testing.assert_close(cache.get("가").vectors, vectors)


WRITER = """
import sys, torch
from pathlib import Path
from evaluators.neural.vector_cache import VectorCache
for n in range(20):
    cache = VectorCache(Path(sys.argv[1]), "model", 60_000)
    text = f"{n % 7}"
    if cache.get(text) is None:
        vectors = torch.full((100, 8), float(text))
        cache.add([text], [0], [False], torch.zeros(100, dtype=torch.int32), vectors)
    held = cache.get(text)
    assert held is not None and bool((held.vectors == float(text)).all())
"""


def test_processes_share_a_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", WRITER, str(tmp_path)]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)]
    for process in running:
        _, errors = process.communicate(timeout=120)
        assert (process.returncode, errors) == (0, b"")
    assert not list(tmp_path.glob("*.unfinished"))


def test_the_users_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_home() == tmp_path / "leaderkit"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_home().parent.parent != tmp_path

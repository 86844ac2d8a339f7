from __future__ import annotations

from pathlib import Path

import pytest

from evaluators import EvaluationError
from evaluators.judge.cache import ReplyCache, reply_key


def test_replies_outlive_the_process(tmp_path: Path) -> None:
    file = str(tmp_path / "replies.jsonl")
    ReplyCache(file).put("a", "첫째\n줄")
    ReplyCache(file).put("b", "둘째")
    again = ReplyCache(file)
    assert (again.get("a"), again.get("b"), again.get("c")) == ("첫째\n줄", "둘째", None)


def test_a_torn_line_costs_one_reply_only(tmp_path: Path) -> None:
    file = tmp_path / "replies.jsonl"
    cache = ReplyCache(str(file))
    cache.put("a", "하나")
    cache.put("b", "둘")
    file.write_bytes(file.read_bytes()[:-8])
    torn = ReplyCache(str(file))
    assert (torn.get("a"), torn.get("b")) == ("하나", None)
    torn.put("c", "셋")
    assert ReplyCache(str(file)).get("c") == "셋"


def test_without_a_file_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ReplyCache().put("a", "b")
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_cannot_be_kept_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="cannot be written"):
        ReplyCache(str(tmp_path / "no" / "folder.jsonl")).put("a", "b")
    with pytest.raises(EvaluationError, match="cannot be read"):
        ReplyCache(str(tmp_path))


def test_keys_tell_parts_apart() -> None:
    assert reply_key("a", "b") == reply_key("a", "b")
    assert len({reply_key("a", "b"), reply_key("ab", ""), reply_key("a\x1f1:b")}) == 3

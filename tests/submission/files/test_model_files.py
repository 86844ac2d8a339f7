from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from submission.errors import InputError
from submission.files.digest import digest, folder_digest, sha256_file
from submission.files.model_files import locate_model, weight_files

TOKEN = "hf_averysecrettokenofatest"
MODELS = {
    "acme/gated": (403, "GatedRepo"),
    "acme/gone": (404, "RepoNotFound"),
    "acme/private": (401, "RepoNotFound"),
    "acme/broken": (500, ""),
}
SERVED = {
    "acme/pickled": ["README.md", "config.json", "pytorch_model.bin"],
    "acme/both": ["config.json", "model.safetensors", "pytorch_model.bin", "tf_model.h5"],
}
COMMIT = "c" * 40


def test_a_local_folder_is_found_by_its_path(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert locate_model(str(model_folder)).folder == model_folder
    monkeypatch.chdir(model_folder.parent)
    found = locate_model(model_folder.name)
    assert (found.name, found.folder) == (model_folder.name, Path(model_folder.name))


@pytest.mark.parametrize("name", ["./nowhere", "/no/where", "~/no/where", "a/b/c"])
def test_a_path_that_is_not_there_is_said_to_be_missing(name: str) -> None:
    with pytest.raises(InputError, match=f"Model folder {name} does not exist"):
        locate_model(name)


def test_a_folder_without_a_model_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no config\.json or adapter_config\.json in it"):
        locate_model(str(tmp_path))


@pytest.mark.parametrize("name", ["my model", "acme/a b", "-x", "a..b"])
def test_a_name_that_can_be_neither_folder_nor_hub_name_is_said_to_be_neither(name: str) -> None:
    with pytest.raises(InputError, match="neither a local folder nor a hub name"):
        locate_model(name)


def test_offline_an_uncached_hub_model_is_refused_with_what_to_do() -> None:
    with pytest.raises(InputError) as refused:
        locate_model("acme/model", "v2")
    assert str(refused.value) == (
        "Model 'acme/model' at revision 'v2' is not cached and the hub cannot be reached "
        "(HF_HUB_OFFLINE is set): connect once to download it, or give a local copy with "
        "--model PATH."
    )


class Hub(BaseHTTPRequestHandler):
    """As much of a model hub as it takes to be refused, or to download small files."""

    def do_GET(self) -> None:
        for name, files in SERVED.items():
            if self.path.startswith(f"/api/models/{name}/tree/"):
                sizes = {"size": 1, "oid": "0"}
                return self._give([{"type": "file", "path": file, **sizes} for file in files])
            if self.path.startswith(f"/api/models/{name}"):
                found = [{"rfilename": file} for file in files]
                return self._give({"id": name, "sha": COMMIT, "siblings": found})
            if self.path.startswith(f"/{name}/resolve/"):
                return self._give({"file": self.path})
        return self._refuse()

    def _give(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("ETag", f'"{digest([body.decode()])}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def _refuse(self) -> None:
        name = "/".join(self.path.removeprefix("/api/models/").strip("/").split("/")[:2])
        status, code = MODELS.get(name, (404, "RepoNotFound"))
        body = json.dumps({"error": f"refused {name}"}).encode()
        self.send_response(status)
        if code:
            self.send_header("X-Error-Code", code)
        self.send_header("X-Error-Message", f"refused {name}")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def online(endpoint: str, folder: Path) -> dict[str, str]:
    """The environment of a process whose hub is at ``endpoint``."""
    return {
        "HF_ENDPOINT": endpoint, "HF_HUB_OFFLINE": "0", "HF_TOKEN": TOKEN,
        "HF_HOME": str(folder / "home"), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
    }  # fmt: skip


EVERY = """
import sys
from submission.cli import run
for name in sys.argv[4:]:
    code = run(["generate", sys.argv[1], "-c", "sample-wallpaper", "--test", sys.argv[2],
                "--ledger", sys.argv[3], "--run", "r", "--model", name])
    print("code", code, file=sys.stderr)
"""


def asked(endpoint: str, folder: Path, wallpaper: Path, *names: str) -> dict[str, str]:
    """What ``leaderkit generate`` ends with for each model name while the hub is at ``endpoint``.

    Before that it says how many rows it has read.
    """
    (folder / "recipe.toml").write_text('name = "r"\n[engine]\nname = "transformers"\n')
    done = subprocess.run(
        [
            sys.executable, "-c", EVERY, str(folder / "recipe.toml"),
            str(wallpaper / "test.csv"), str(folder / "ledger.db"), *names,
        ],
        capture_output=True, text=True, env={**os.environ, **online(endpoint, folder)},
        timeout=300, check=True,
    )  # fmt: skip
    assert TOKEN not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    said = done.stderr.split("code 2\n")
    assert said.pop() == ""
    rows, errors = zip(*(each.split("\n", 1) for each in said), strict=True)
    assert all(line.startswith("36 rows of ") for line in rows)
    return dict(zip(names, errors, strict=True))


def test_a_hub_that_refuses_gets_one_clear_message(
    hub: str, tmp_path: Path, wallpaper: Path
) -> None:
    said = asked(hub, tmp_path, wallpaper, *MODELS)
    assert said["acme/gated"] == (
        "Error: Model 'acme/gated' is gated: accept its licence on its hub page and set HF_TOKEN, "
        "or give a local copy with --model PATH.\n"
    )
    assert "HfHubHTTPError" in said["acme/broken"]
    for name in ("acme/gone", "acme/private"):
        assert said[name] == (
            f"Error: Model '{name}' is neither a local folder nor on the hub "
            "(a private model needs HF_TOKEN); or give a local copy with --model PATH.\n"
        )
    assert said["acme/broken"].startswith("Error: Model 'acme/broken' is not cached and the hub")
    assert said["acme/broken"].count("\n") == 1


LOCATE = """
import sys
from submission.files.model_files import locate_model
for name in sys.argv[1:]:
    print(name, *sorted(path.name for path in locate_model(name).folder.iterdir()))
"""


def located(environment: dict[str, str]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOCATE, *SERVED],
        capture_output=True, text=True, env={**os.environ, **environment}, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_model_is_downloaded_once_and_pickles_only_where_there_is_nothing_else(
    hub: str, tmp_path: Path
) -> None:
    expected = [
        "acme/pickled config.json pytorch_model.bin",
        "acme/both config.json model.safetensors",
    ]
    there = online(hub, tmp_path)
    assert located(there) == expected
    assert located({**there, "HF_ENDPOINT": "http://127.0.0.1:9"}) == expected
    assert located({**there, "HF_HUB_OFFLINE": "1"}) == expected


def test_a_hub_that_does_not_answer_gets_one_clear_message(tmp_path: Path, wallpaper: Path) -> None:
    said = asked("http://127.0.0.1:9", tmp_path, wallpaper, "acme/model")["acme/model"]
    assert said.startswith("Error: Model 'acme/model' is not cached and the hub cannot be reached")
    assert said.count("\n") == 1


def cache(home: Path, files: dict[str, str]) -> Path:
    """A hub cache that holds these files of the model acme/cached."""
    folder = home / "models--acme--cached"
    snapshot = folder / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("abc")
    for name, content in files.items():
        (snapshot / name).write_text(content)
    return snapshot


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    return tmp_path


SHARDS = ("model-1-of-2.safetensors", "model-2-of-2.safetensors")
INDEX = json.dumps({"weight_map": dict(zip("ab", SHARDS, strict=True))})


def test_a_cached_model_needs_no_hub(hub_cache: Path) -> None:
    snapshot = cache(hub_cache, {"config.json": "{}", "model.safetensors": "x"})
    assert locate_model("acme/cached").folder == snapshot


def test_a_cached_model_in_shards_needs_every_shard(hub_cache: Path) -> None:
    snapshot = cache(
        hub_cache,
        {
            "config.json": "{}",
            "model.safetensors.index.json": INDEX,
            SHARDS[0]: "x",
        },
    )
    with pytest.raises(InputError, match="is cached in part and the hub"):
        locate_model("acme/cached")
    (snapshot / SHARDS[1]).write_text("y")
    assert locate_model("acme/cached").folder == snapshot


def test_a_digest_covers_weights_and_configuration_and_nothing_else(tmp_path: Path) -> None:
    for name in ("model.safetensors", "config.json", "chat_template.jinja", "merges.txt"):
        (tmp_path / name).write_text(name)
    first = folder_digest(tmp_path, sha256_file)
    for name in ("README.md", "training_args.bin", "trainer_state.json", "model.onnx"):
        (tmp_path / name).write_text(name)
    assert folder_digest(tmp_path, sha256_file) == first
    for file in weight_files(tmp_path):
        kept = file.read_text()
        file.write_text(kept + ".")
        assert folder_digest(tmp_path, sha256_file) != first, file
        file.write_text(kept)
    assert folder_digest(tmp_path, sha256_file) == first


def test_a_digest_tells_parts_from_their_concatenation() -> None:
    assert digest(["ab", "c"]) != digest(["a", "bc"])


def test_a_hub_blob_is_named_by_its_hash(tmp_path: Path) -> None:
    blob = tmp_path / ("0123456789abcdef" * 4)
    blob.write_bytes(b"content is not read")
    link = tmp_path / "model.safetensors"
    link.symlink_to(blob)
    assert sha256_file(link) == blob.name

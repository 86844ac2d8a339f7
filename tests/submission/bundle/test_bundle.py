"""What a bundle's folder holds, and which runs are refused."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from submission import cli
from submission.bundle.inspect import refuse_private
from submission.bundle.model import copy_settings
from submission.bundle.supported import require_supported
from submission.competitions import find_competition
from submission.errors import InputError
from submission.recipes import Recipe
from tests.submission.bundle.contests import write_contest

Bundle = Callable[..., str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, model_folder: Path) -> Path:
    """A ledger with the run ``r`` of a model whose path is absolute."""
    place = tmp_path_factory.mktemp("bundles")
    shutil.copytree(model_folder, place / "model")
    card = "---\nlicense: apache-2.0\n---\n# A model\n"
    (place / "model" / "README.md").write_text(card)
    write_contest(place, "text")
    recipe = (
        f'name = "small"\nengine = {{ name = "transformers" }}\n[model]\nname = "{place}/model"\n'
    )
    (place / "recipe.toml").write_text(f"{recipe}[sampling]\nmax_tokens = 8\n")
    command = ["generate", str(place / "recipe.toml"), "-c", str(place / "text"),
               "--test", str(place / "test.csv"), "--run", "r",
               "--ledger", str(place / "ledger.db")]  # fmt: skip
    assert cli.run(command) == 0
    return place


@pytest.fixture
def bundle(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Bundle:
    """Bundle the run into ``out``; what was said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERKIT_LEDGER", str(world / "ledger.db"))

    def call(*arguments: str, run: str = "r", code: int = 0, template: bool = True) -> str:
        given = ["--template", str(world / "template.csv")] if template else []
        capsys.readouterr()
        ended = cli.run(["bundle", run, "-c", str(world / "text"), "--out", "out",
                         *given, *arguments])  # fmt: skip
        out, err = capsys.readouterr()
        assert ended == code, err
        assert (tmp_path / "out").exists() == (code == 0)
        return out + err

    return call


def test_a_bundle_says_where_everything_comes_from(
    bundle: Bundle, world: Path, tmp_path: Path
) -> None:
    bundle()
    found = json.loads((tmp_path / "out" / "provenance.json").read_text("utf-8"))
    assert found["model"]["name"] == "model"
    assert found["model"]["license"] == "apache-2.0"
    assert found["run"]["name"] == "r"
    assert found["run"]["recipe"]["sampling"]["max_tokens"] == 8
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path / "out",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(checked.stdout.splitlines()) == len(files) - 1
    for path in files:
        assert str(world).encode() not in path.read_bytes(), path


def test_what_is_written_into_a_bundle_leaves_the_model_as_it_is(
    bundle: Bundle, world: Path, tmp_path: Path
) -> None:
    weights = world / "model" / "model.safetensors"
    before = weights.read_bytes()
    bundle()
    copied = tmp_path / "out" / "model" / "model.safetensors"
    assert copied.read_bytes() == before
    with copied.open("r+b") as file:
        file.write(b"other")
    assert weights.read_bytes() == before


def test_weights_by_hash_are_left_out_and_can_be_put_in(
    bundle: Bundle, world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle("--weights", "hash")
    weights = tmp_path / "out" / "model" / "model.safetensors"
    assert not weights.exists()
    assert "WEIGHTS.sha256" in (tmp_path / "out" / "README.ko.md").read_text("utf-8")
    assert cli.run(["bundle", "--rehearse", "out"]) == 2
    assert "model/model.safetensors is not there" in capsys.readouterr().err
    shutil.copy(world / "model" / "model.safetensors", weights)
    subprocess.run(["sha256sum", "--check", "--strict", "WEIGHTS.sha256"],
                   cwd=tmp_path / "out", check=True, capture_output=True)  # fmt: skip


def test_the_how_to_names_what_is_there(bundle: Bundle, tmp_path: Path) -> None:
    bundle("--target", "dacon-236527")
    for name, words in {"README.md": "Python 3.10", "README.ko.md": "Python 3.10 기준"}.items():
        text = (tmp_path / "out" / name).read_text("utf-8")
        assert "uploaded" not in text
        assert "제출한" not in text
        assert words in text
        assert "python inference.py" in text
        assert "{{" not in text


def test_a_secret_is_never_written(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch, world: Path
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "apache-2.0")
    said = bundle(code=2)
    assert "the value of SOME_API_KEY" in said
    assert "apache-2.0" not in said


@pytest.mark.parametrize(
    "name", ["chat_template.jinja", "prompts.jsonl", "test.csv", "test.tsv", "config.json"]
)
def test_a_secret_is_found_in_every_text_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "value-of-the-key")
    (tmp_path / name).write_text("{# value-of-the-key #}")
    with pytest.raises(InputError, match=rf"{name} would hold the value of SOME_API_KEY"):
        refuse_private(tmp_path)


def test_a_run_of_other_weights_is_refused(bundle: Bundle, world: Path) -> None:
    config = world / "model" / "config.json"
    before = config.read_text()
    try:
        config.write_text(before.replace("{", '{"changed": true,', 1))
        assert "made with another test file, model, tokenizer" in bundle(code=2)
    finally:
        config.write_text(before)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--target", "python2.7"), "too old"),
        (("--python", "python3"), "--python belongs to --rehearse"),
        (("--rehearse", "other"), "Give either RUN with --out, or --rehearse"),
        (("--engine", "vllm", "--target", "torch2.1"), "which vLLM there is"),
    ],
)
def test_bad_options_are_refused(bundle: Bundle, arguments: tuple[str, ...], said: str) -> None:
    assert said in bundle(*arguments, code=2)


def test_a_run_without_a_submission_needs_a_template(bundle: Bundle) -> None:
    assert "Give --template" in bundle(template=False, code=2)


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({}, "has no model of its own"),
        ({"thinking": {"open": "<t>", "close": "</t>"}}, "does not support thinking"),
        ({"sampling": {"structure": {"choice": ["a", "b"]}}}, "not support sampling.structure"),
        ({"engine": {"tensor_parallel_size": 2}}, "not support engine.tensor_parallel_size"),
    ],
)
def test_what_the_script_does_not_do_is_refused(tables: dict[str, object], said: str) -> None:
    model = {"model": {"name": "m"}} if tables else {}
    recipe = Recipe.model_validate({"name": "x", **model, **tables})
    profile = find_competition("sample-summary").profile
    with pytest.raises(InputError, match=said):
        require_supported(recipe, profile, "transformers")


@pytest.mark.parametrize(
    ("competition", "said"),
    [
        ("sample-wallpaper", "vectors"),
        ("kaggle-llm-science-exam", "'list'"),
        ("upstage-science-ir", "several columns"),
    ],
)
def test_submissions_that_are_no_text_are_refused(competition: str, said: str) -> None:
    recipe = Recipe.model_validate({"name": "x", "model": {"name": "m"}})
    profile = find_competition(competition).profile
    with pytest.raises(InputError, match=said):
        require_supported(recipe, profile, "vllm")


def test_settings_of_transformers_5_are_written_for_4(tmp_path: Path) -> None:
    """transformers 4 reads rope_theta, and passes over rope_parameters without a word."""
    (tmp_path / "new").mkdir()
    rotary = {"rope_theta": 1e6, "rope_type": "yarn", "factor": 4.0}
    config = {"rope_parameters": rotary, "_name_or_path": "/somewhere/gemma"}
    (tmp_path / "new" / "config.json").write_text(json.dumps(config))
    tokenizer = {"tokenizer_class": "TokenizersBackend", "backend": "tokenizers"}
    (tmp_path / "new" / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    copy_settings(tmp_path / "new", tmp_path / "old", transformers=4)
    assert json.loads((tmp_path / "old" / "config.json").read_text()) == {
        "rope_theta": 1e6,
        "rope_scaling": {"rope_type": "yarn", "factor": 4.0},
        "_name_or_path": "gemma",
    }
    written = json.loads((tmp_path / "old" / "tokenizer_config.json").read_text())
    assert written == {"tokenizer_class": "PreTrainedTokenizerFast"}
    copy_settings(tmp_path / "new", tmp_path / "same", transformers=5)
    assert json.loads((tmp_path / "same" / "config.json").read_text())["rope_parameters"] == rotary

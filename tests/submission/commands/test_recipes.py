import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from submission.cli import run
from submission.recipes import find, find_recipe

OWN = """
name = "own"
about = "[b]Ours[/b]"
aliases = ["mine"]
[model]
name = "embedded"
[prompt]
template = "질문:\\t\\"{{ question }}\\"\\n답변: \\u007f"
[sampling]
stop = ["</s>", "질문:"]
[options]
"odd key" = "값"
[training]
learning_rate = 1e-5
[variants.short]
about = "Short ones."
sampling = { max_tokens = 16 }
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "own.toml"
    path.write_text(OWN, "utf-8")
    find._aliases.cache_clear()
    monkeypatch.setattr(find, "_installed", lambda: {"own": path})
    yield path
    find._aliases.cache_clear()


def test_the_list_has_recipes_and_variants(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recipes"]) == 0

    out = capsys.readouterr().out
    assert "own:short" in out
    assert "= mine" in out
    assert "[b]Ours[/b]" in out


def test_the_list_as_json(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recipes", "--json"]) == 0

    assert json.loads(capsys.readouterr().out) == [
        {"name": "own", "about": "[b]Ours[/b]", "aliases": ["mine"], "engine": "auto",
         "model": "embedded", "training": True},
        {"name": "own:short", "about": "Short ones.", "aliases": [], "engine": "auto",
         "model": "embedded", "training": True},
    ]  # fmt: skip


def test_what_is_installed_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recipes", "--json"]) == 0

    listed = json.loads(capsys.readouterr().out)
    assert {"constant", "medoid", "nearest"} <= {each["name"] for each in listed}
    keys = {"name", "about", "aliases", "engine", "model", "training"}
    assert all(set(each) == keys and isinstance(each["training"], bool) for each in listed)


@pytest.mark.parametrize("spec", ["own", "own:short", "mine"])
def test_what_is_shown_is_the_same_recipe_again(
    spec: str, own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["recipes", spec]) == 0

    again = tmp_path / "again.toml"
    again.write_text(capsys.readouterr().out, "utf-8")
    assert find_recipe(str(again)) == find_recipe(spec)


def test_every_installed_recipe_can_be_written_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["recipes", "--json"])
    for entry in json.loads(capsys.readouterr().out):
        assert run(["recipes", entry["name"]]) == 0
        again = tmp_path / "again.toml"
        again.write_text(capsys.readouterr().out, "utf-8")
        assert find_recipe(str(again)) == find_recipe(entry["name"])


def test_overrides_show_in_what_is_resolved(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recipes", "own", "--set", "sampling.max_tokens=7", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sampling"]["max_tokens"] == 7

    assert run(["recipes", "own", "--set", "sampling.max_tokens=none"]) == 2
    assert "sampling.max_tokens" in capsys.readouterr().err


def test_overrides_need_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recipes", "--set", "sampling.seed=1"]) == 2
    assert "give its NAME" in capsys.readouterr().err


def test_an_unknown_name_suggests(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recipes", "nearst"]) == 2
    assert "Did you mean 'nearest'?" in capsys.readouterr().err


def test_an_unknown_variant_names_those_there_are(
    own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["recipes", "own:long"]) == 2
    assert "it has short" in capsys.readouterr().err

"""The pages written by hand: links lead somewhere, key tables are whole, examples work."""

import json
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from submission.cli import run
from submission.competitions import find_competition, shipped_competitions
from submission.competitions.profile import Profile
from submission.recipes import Recipe, find_recipe
from tests.docs.blocks import PAGES, ROOT, texts, write_example_competition

DOCS = ROOT / "docs"


def read(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def blocks(name: str, language: str) -> list[str]:
    return texts(read(name), language)


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every key of a schema as it is written in TOML, with its default as JSON."""
    for attribute, field in model.model_fields.items():
        name = field.alias or attribute
        table = next((each for each in types(field.annotation) if is_table(each)), None)
        if table is not None:
            yield from keys(table, f"{prefix}{name}.")
        elif field.is_required():
            yield f"{prefix}{name}", "required"
        elif field.default is None:
            yield f"{prefix}{name}", "none"
        else:
            default = field.get_default(call_default_factory=True)
            yield f"{prefix}{name}", f"`{json.dumps(default, ensure_ascii=False)}`"


def types(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in typing.get_args(annotation):
        yield from types(argument)


def is_table(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


@pytest.mark.parametrize(("page", "model"), [("recipes.md", Recipe), ("competitions.md", Profile)])
def test_every_key_is_documented_with_its_default(page: str, model: type[BaseModel]) -> None:
    section = re.split(r"^## Keys.*$", read(page), flags=re.MULTILINE)[1]
    section = re.split(r"^## ", section, flags=re.MULTILINE)[0]
    documented = dict(re.findall(r"^\| `([^`]+)` \| (.+?) \| ", section, re.MULTILINE))

    assert documented == dict(keys(model))


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_to_pages(page: Path) -> None:
    page = ROOT / page
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8"))

    assert [target for target in targets if not (page.parent / target).is_file()] == []


def anchors(page: Path) -> set[str]:
    """The fragments that a page's headings have, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_into_a_page_lead_to_its_headings(page: Path) -> None:
    page = ROOT / page
    links = re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text("utf-8"))

    assert [
        (target, anchor)
        for target, anchor in links
        if anchor not in anchors(page.parent / target if target else page)
    ] == []


def test_the_index_leads_to_every_page_and_command() -> None:
    linked = set(re.findall(r"\]\(([^)]+)\)", read("index.md")))
    assert {page.name for page in DOCS.glob("*.md")} - {"index.md"} <= linked
    linked = set(re.findall(r"\]\(competitions/([^)]+)\.md\)", read("competitions.md")))
    assert linked == {*shipped_competitions()}
    linked = set(re.findall(r"\]\(([^)]+)\)", read("commands/index.md")))
    assert linked == {page.name for page in (DOCS / "commands").glob("*.md")} - {"index.md"}


def test_the_recipe_example_and_its_variants_work(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(blocks("recipes.md", "toml")[0], "utf-8")

    assert find_recipe(str(path)).sampling.max_tokens == 192
    long = find_recipe(f"{path}:long")
    assert (long.sampling.max_tokens, long.sampling.repetition_penalty) == (512, 1.1)
    assert find_recipe(f"{path}:sampled").sampling.samples == 5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "my-competition"
    write_example_competition(folder)
    return folder


def test_the_competition_example_works(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    competition = find_competition(str(folder))
    assert len(competition.profile.submission.header) == 770

    assert run(["competitions", str(folder), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["known_scores"][0] == {
        "name": "our first upload", "public": 0.61234, "private": None, "certainty": "H",
        "source": "our own submission page",
    }  # fmt: skip


def test_the_cases_of_the_example_hold(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["competitions", str(folder)]) == 0
    assert "1 case holds." in capsys.readouterr().out

    wrong = (folder / "cases.json").read_text("utf-8").replace("0.3333333", "0.5")
    (folder / "cases.json").write_text(wrong, "utf-8")
    assert run(["competitions", str(folder)]) == 2
    assert "case 'half of the words': expected 0.5, got 0.333" in capsys.readouterr().err


def test_the_formula_example_scores_choices_and_reasons(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = blocks("competitions.md", "py")
    (folder / "scoring.py").write_text(code, "utf-8")
    declared = (folder / "competition.toml").read_text("utf-8")
    terms = re.search(r"^terms = .*$", declared, re.MULTILINE)
    assert terms is not None
    coded = declared.replace(terms[0], 'code = "scoring.py"')
    (folder / "competition.toml").write_text(coded, "utf-8")
    case = json.loads((folder / "cases.json").read_text("utf-8"))[0]
    right = {"answer": "2", "references": ["2"], "meta": {"options": "가|나"}}
    wrong = {"answer": "가 나", "references": ["다 라"]}
    whole = {**case, "name": "half", "term": "formula", "expected": 0.5, "rows": [right, wrong]}
    for key in ("answer", "references"):
        del whole[key]
    (folder / "cases.json").write_text(json.dumps([case, whole]), "utf-8")
    assert run(["competitions", str(folder)]) == 0
    assert "2 cases hold." in capsys.readouterr().out


def test_the_experiment_example_is_one(tmp_path: Path) -> None:
    from baselines.experiment.plan import read_experiment

    path = tmp_path / "experiment.toml"
    path.write_text(blocks("commands/run.md", "toml")[0], "utf-8")

    assert [each.run for each in read_experiment(path).trials] == ["nearest", "first"]

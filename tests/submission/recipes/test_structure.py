"""``[sampling.structure]``: what is refused, what is kept of it, and which texts have it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.cli import run
from submission.errors import InputError
from submission.generation.plan import plan_prompts
from submission.recipes import Recipe, Sampling, find_recipe
from submission.recipes.structure import Structure
from submission.records.rows import Question

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"why": {"type": "string"}, "답": {"enum": ["가", "나"]}},
    "required": ["why", "답"],
    "additionalProperties": False,
}


def structure(**given: Any) -> Structure:
    return Structure.model_validate(given)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("structure={}", r"'sampling.structure': needs exactly one of choice, regex and json"),
        ("structure={regex='a', choice=['b']}", r"exactly one of choice, regex and json"),
        ("structure.choice=[]", r"'sampling.structure.choice'"),
        ("structure.regex='(가'", r"'sampling.structure.regex': cannot be used: unclosed group"),
        ("structure.regex='(?=가)나'", r"'sampling.structure.regex': cannot be used: look-around"),
        (r"structure.regex='[^\s\S]'", r"'sampling.structure.regex': .* no text that it matches"),
        ("structure.json={type='strin'}", r"'sampling.structure.json': is not a JSON schema: \$.t"),
        ("structure.json={not={type='string'}}", r"'sampling.structure.json': .* \[\"not\"\]"),
        ("structure.json={enum=[]}", r"'sampling.structure.json': cannot be used: Unsatisfiable"),
        ("structure.json='{'", r"'sampling.structure.json': .* not valid JSON"),
        ("structure.json=7", r"'sampling.structure.json': .* the name of a file"),
        ("structure.json=nowhere.json", r"sampling.structure.json: nowhere.json: there is no such"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_key(value: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        find_recipe("embedded", [f"sampling.{value}"])


def test_beams_are_refused_under_a_structure() -> None:
    with pytest.raises(InputError, match=r"'sampling.beams': there is no beam search"):
        find_recipe("embedded", ["sampling.structure.regex=a", "sampling.beams=2"])


def test_a_structure_is_refused_before_an_engine_without_it_is_made(
    wallpaper: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "ledger.db"
    code = run(
        [
            "generate", "constant", "-c", "dacon-236216", "--test", str(wallpaper / "test.csv"),
            "--set", "sampling.structure.regex=가", "--ledger", str(ledger), "--run", "r",
        ]
    )  # fmt: skip
    assert code == 2
    assert "engine 'constant' has no structured output" in " ".join(capsys.readouterr().err.split())
    assert run(["show", "r", "--ledger", str(ledger)]) == 2


def recipe_file(folder: Path, schema: object, given: str = '"form/schema.json"') -> str:
    (folder / "form").mkdir(exist_ok=True)
    (folder / "form/schema.json").write_text(json.dumps(schema), "utf-8")
    path = folder / "own.toml"
    path.write_text(
        f'name = "own"\n[model]\nname = "embedded"\n[sampling.structure]\njson = {given}\n'
        '[variants.other.sampling.structure]\njson = { type = "integer" }\n',
        "utf-8",
    )
    return str(path)


def test_a_schema_is_read_from_beside_its_recipe(tmp_path: Path) -> None:
    named = find_recipe(recipe_file(tmp_path, SCHEMA))
    assert named.sampling.structure == structure(json=SCHEMA)
    text = json.dumps(json.dumps(SCHEMA))
    assert find_recipe(recipe_file(tmp_path, {}, text)).sampling == named.sampling


def test_a_schema_named_on_the_command_line_is_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe_file(tmp_path, SCHEMA)
    monkeypatch.chdir(tmp_path / "form")
    recipe = find_recipe("embedded", ["sampling.structure.json=schema.json"])
    assert recipe.sampling.structure == structure(json=SCHEMA)


def test_a_variants_schema_takes_the_place_of_the_recipes(tmp_path: Path) -> None:
    other = find_recipe(f"{recipe_file(tmp_path, SCHEMA)}:other")
    assert other.sampling.structure == structure(json={"type": "integer"})


def test_a_shown_recipe_is_the_recipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = recipe_file(tmp_path, SCHEMA)
    overrides = ["extraction.json=items[0]"]
    assert run(["recipes", path, "--set", *overrides]) == 0
    (tmp_path / "shown.toml").write_text(capsys.readouterr().out, "utf-8")
    shown = find_recipe(str(tmp_path / "shown.toml"))
    assert shown == find_recipe(path, overrides)
    assert Recipe.model_validate_json(shown.model_dump_json()) == shown


class Silent:
    identity: ClassVar = {"engine": "none"}

    def prompt(self, question: Question, text: str) -> tuple[int, ...]:
        return (1, 2)


def keys(sampling: Sampling) -> set[str]:
    recipe = Recipe(name="test", sampling=sampling)
    return set(plan_prompts(recipe, Silent(), [Question("1", "?", "", {})]).requests)  # type: ignore[arg-type]


def test_a_schema_is_part_of_the_row_key_to_the_order_of_its_properties() -> None:
    turned = {**SCHEMA, "properties": dict(reversed(SCHEMA["properties"].items()))}
    own, other = (keys(Sampling(structure=structure(json=each))) for each in (SCHEMA, turned))
    assert own != other
    assert own == keys(Sampling(structure=structure(json=json.dumps(SCHEMA, indent=2))))


def test_without_a_structure_nothing_is_added_to_a_recipe() -> None:
    assert "structure" not in Sampling().model_dump()
    assert list(Recipe(name="test").extraction.model_dump()) == ["cut", "after", "one_line"]
    # The key that this request had before there were structures.
    assert keys(Sampling()) == {"3a19b64416e78dafe206d3668adc0d2e11957c9232598e3ccae70031d6d40ce6"}


@pytest.mark.parametrize(
    ("given", "text", "accepted"),
    [
        ({"choice": ["가", "나 다"]}, "나 다", True),
        ({"choice": ["가", "나 다"]}, "나", False),
        ({"regex": r"\p{Hangul}{2,3}\."}, "바다.", True),
        ({"regex": "가.나"}, "가\n나", False),
        ({"regex": "가+"}, "가가나", False),
        ({"regex": "가*"}, "", True),
        ({"json": SCHEMA}, '{"why": "", "답": "나"}', True),
        ({"json": SCHEMA}, ' {"답":"나",\n"why":""}', True),
        ({"json": SCHEMA}, '{"why": "", "답": "다"}', False),
        ({"json": SCHEMA}, '{"why": "", "답": "나"', False),
        ({"json": SCHEMA}, "", False),
        ({"json": {"type": "null"}}, "null", True),
        ({"json": {"type": "null"}}, "nul", False),
    ],
)
def test_a_text_has_the_structure_as_a_whole(
    given: dict[str, Any], text: str, accepted: bool
) -> None:
    assert structure(**given).accepts(text) is accepted


PIECES = st.sampled_from(
    ["가", "나", ".", "[가-힣]", "(나|다 )", "a?", "다{1,2}", "[^가\n]", r"\."]
)


@given(st.lists(PIECES, min_size=1, max_size=5).map("".join), st.text("가나다 .a\n🏠", max_size=6))
def test_expressions_mean_what_they_mean_to_python(regex: str, text: str) -> None:
    assert structure(regex=regex).accepts(text) == bool(re.fullmatch(regex, text))


@given(st.lists(st.text(min_size=1).filter(lambda text: "\x7f" not in text), min_size=1))
def test_any_texts_can_be_a_choice(options: list[str]) -> None:
    assert all(structure(choice=options).accepts(option) for option in options)

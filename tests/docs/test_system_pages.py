"""A page for each published system: its commands are ones that exist, its arithmetic adds up."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from baselines.stand_ins.small import ARCHITECTURES
from submission.competitions import find_competition
from submission.recipes import find_recipe, list_recipes, model_overrides
from tests.docs.blocks import leaderkit_commands

ROOT = Path(__file__).resolve().parents[2]
SYSTEMS = ROOT / "docs" / "systems"
PAGES = sorted(path.name for path in SYSTEMS.glob("*.md") if path.name != "index.md")
SECTIONS = [
    "Here, small",
    "With the published weights",
    "Memory and time on 24 GB",
    "What differs from the original",
]
POWERS = {"": 1, "²": 2, "⁶": 6, "⁹": 9}
ENTRIES = list_recipes()


def read(name: str) -> str:
    return (SYSTEMS / name).read_text("utf-8")


def section(name: str, title: str) -> str:
    return read(name).split(f"\n## {title}\n")[1].split("\n## ")[0]


def after(words: list[str], option: str) -> list[str]:
    return [value for name, value in pairwise(words) if name == option]


def test_the_index_leads_to_each_page_and_is_led_to() -> None:
    linked = set(re.findall(r"\]\(([^)#/]+\.md)", read("index.md")))
    assert linked == set(PAGES)
    assert len(PAGES) == 5
    assert "](systems/index.md)" in (ROOT / "docs" / "index.md").read_text("utf-8")


def test_every_trained_recipe_is_in_the_index() -> None:
    trained = {entry.name.split(":")[0] for entry in ENTRIES if entry.training} - {"embedded"}
    named = set(re.findall(r"`([^`]+)`", read("index.md")))
    assert trained <= named


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_every_part(name: str) -> None:
    assert re.findall(r"^## (.+)$", read(name), re.MULTILINE) == SECTIONS
    assert "Computed, not measured" in section(name, "Memory and time on 24 GB")


@pytest.mark.parametrize("name", PAGES)
def test_commands_name_recipes_and_competitions_that_exist(name: str) -> None:
    found = leaderkit_commands(read(name))
    assert {words[1] for words in found} >= {"train", "generate"}
    for words in found:
        for competition in after(words, "-c"):
            find_competition(competition)
        if words[1] in {"train", "generate"}:
            models = [*after(words, "--model"), None]
            find_recipe(
                words[2],
                [*after(words, "--set"), *model_overrides(models[0], None, None, None)],
            )


@pytest.mark.parametrize("name", PAGES)
def test_the_small_commands_read_sample_files_and_models_that_were_made_before(name: str) -> None:
    text = section(name, "Here, small")
    small = re.findall(r"^([A-Z0-9]+)=\$\(python -m baselines.stand_ins.small (\w+)\)$", text, re.M)
    assert {architecture for _, architecture in small} <= {*ARCHITECTURES}
    made = {f"${variable}" for variable, _ in small}
    for words in leaderkit_commands(text):
        for option in ("--data", "--test", "--references", "--template"):
            assert all((ROOT / path).is_file() for path in after(words, option))
            assert all(path.startswith("data_sample/") for path in after(words, option))
        assert {*after(words, "--model"), *after(words, "--adapter")} <= made
        made.update(after(words, "--out"))


def tables(text: str) -> list[list[list[str]]]:
    """The cells of every table, row by row."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [
        [[cell.strip("* ") for cell in line.strip("|").split("|")] for line in block.splitlines()]
        for block in blocks
    ]


def number(text: str) -> float:
    return float(text.replace(",", ""))


def computed(formula: str, sizes: dict[str, float]) -> float:
    """A sum of products of numbers, powers of ten and sizes such as B."""
    total = 0.0
    for term in formula.split(" + "):
        product = 1.0
        for factor in term.split(" · "):
            base, power = re.fullmatch(r"([A-Z]|[\d.,]+)([²⁶⁹]?)", factor).groups()
            product *= (sizes[base] if base in sizes else number(base)) ** POWERS[power]
        total += product
    return total


@pytest.mark.parametrize("name", PAGES)
def test_the_memory_tables_are_what_their_formulas_give(name: str) -> None:
    found = tables(section(name, "Memory and time on 24 GB"))
    assert found
    for (_, label, *heads), _, *parts, (last, _, *totals) in found:
        assert label == "Bytes"
        assert last.startswith("Training")
        for column, head in enumerate(heads):
            sizes = {key: number(size) for key, size in re.findall(r"([A-Z]) ([\d,]*\d)", head)}
            values = [computed(formula, sizes) / 1e9 for _, formula, *_ in parts]
            assert [row[2 + column] for row in parts] == [f"{value:.1f}" for value in values]
            assert totals[column] == f"{sum(values):.1f}"


def test_the_tables_are_in_the_sizes_that_the_recipes_allow() -> None:
    """Every page has a column of as many tokens as its recipe's rows may have."""
    longest = {
        "news-qa.md": ["news-qa-gemma"],
        "odqa.md": ["odqa-llama"],
        "open-book.md": ["open-book-gem2", "open-book-gem2-dpo"],
        "wallpaper.md": ["wallpaper-synatra", "wallpaper-42dot"],
        "gemma-study.md": ["gemma-study:koen-lora", "gemma-study:koen-fft"],
    }
    assert sorted(longest) == PAGES
    for page, recipes in longest.items():
        found = tables(section(page, "Memory and time on 24 GB"))
        for recipe in recipes:
            asked = f"{find_recipe(recipe).training.max_length:,}"
            assert any(f"L {asked}" in head for table in found for head in table[0]), recipe

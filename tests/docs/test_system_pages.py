"""A page for each published system: its commands are ones that exist, its arithmetic adds up."""

import re
from itertools import pairwise
from pathlib import Path

import click
import pytest

from baselines.training.small import ARCHITECTURES
from submission import cli
from submission.competitions import find_competition
from submission.recipes import find_recipe, list_recipes, model_overrides

ROOT = Path(__file__).resolve().parents[2]
SYSTEMS = ROOT / "docs" / "systems"
PAGES = sorted(path.name for path in SYSTEMS.glob("*.md") if path.name != "index.md")
SECTIONS = [
    "Here, small",
    "With the published weights",
    "Memory and time on 24 GB",
    "What is otherwise",
]
ENTRIES = list_recipes()


def read(name):
    return (SYSTEMS / name).read_text("utf-8")


def section(name, title):
    return read(name).split(f"\n## {title}\n")[1].split("\n## ")[0]


def commands(text):
    """The words of every leaderkit command in the shell blocks of ``text``."""
    lines = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL)).replace("\\\n", " ")
    return [words for words in map(str.split, lines.splitlines()) if words[:1] == ["leaderkit"]]


def after(words, option):
    return [value for name, value in pairwise(words) if name == option]


def test_the_index_leads_to_each_page_and_is_led_to():
    linked = set(re.findall(r"\]\(([^)#/]+\.md)", read("index.md")))
    assert linked == set(PAGES)
    assert len(PAGES) == 5
    assert "](systems/index.md)" in (ROOT / "docs" / "index.md").read_text("utf-8")


def test_every_trained_recipe_is_in_the_index():
    trained = {entry.name.split(":")[0] for entry in ENTRIES if entry.training} - {"embedded"}
    named = set(re.findall(r"`([^`]+)`", read("index.md")))
    assert trained <= named


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_every_part(name):
    assert re.findall(r"^## (.+)$", read(name), re.MULTILINE) == SECTIONS
    assert "Computed, not measured" in section(name, "Memory and time on 24 GB")


@pytest.mark.parametrize("name", PAGES)
def test_commands_name_options_recipes_and_competitions_that_exist(name):
    context = click.Context(cli.cli, info_name="leaderkit")
    found = commands(read(name))
    assert {words[1] for words in found} >= {"train", "generate"}
    for words in found:
        command = cli.cli.get_command(context, words[1])
        known = {option for each in command.params for option in each.opts}
        assert {word for word in words if re.match(r"--?[a-z]", word)} <= known
        for competition in after(words, "-c"):
            find_competition(competition)
        if words[1] in {"train", "generate"}:
            models = [*after(words, "--model"), None]
            find_recipe(
                words[2],
                [*after(words, "--set"), *model_overrides(models[0], None, None, None)],
            )


@pytest.mark.parametrize("name", PAGES)
def test_the_small_commands_read_sample_files_and_models_that_were_made_before(name):
    text = section(name, "Here, small")
    small = re.findall(r"^([A-Z0-9]+)=\$\(python -m baselines.training.small (\w+)\)$", text, re.M)
    assert {architecture for _, architecture in small} <= {*ARCHITECTURES}
    made = {f"${variable}" for variable, _ in small}
    for words in commands(text):
        for option in ("--data", "--test", "--references", "--template"):
            assert all((ROOT / path).is_file() for path in after(words, option))
            assert all(path.startswith("data_sample/") for path in after(words, option))
        assert {*after(words, "--model"), *after(words, "--adapter")} <= made
        made.update(after(words, "--out"))


@pytest.mark.parametrize("name", PAGES)
def test_the_parts_of_a_memory_table_add_up(name):
    rows = re.findall(r"^\| (.+) \|$", section(name, "Memory and time on 24 GB"), re.MULTILINE)
    cells = [[cell.strip("* ") for cell in row.split("|")] for row in rows]
    parts = [row[1:] for row in cells if row[0] and not row[0].startswith(("-", "Training"))]
    (total,) = [row[1:] for row in cells if row[0].startswith("Training")]
    for column, expected in enumerate(total):
        numbers = [float(row[column]) for row in parts if row[column]]
        # Each part is rounded to a tenth.
        assert sum(numbers) == pytest.approx(float(expected), abs=0.05 * len(numbers) + 1e-9)

"""What a grid file may hold, and what is said of one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from baselines.ablation.run import read_grid
from submission.cli import run
from submission.errors import InputError
from tests.baselines.ablation.conftest import replace


def test_levels_set_recipe_fields_nested_or_dotted(folder: Path) -> None:
    grid = read_grid(folder / "grid.toml")

    modes = {cell.labels: cell.recipe.prompt.compound.mode for cell in grid.cells}
    assert modes["nearest", "whole"] == modes["constant", "whole"] == "whole"
    assert modes["nearest", "split"] == "split"
    assert grid.baseline.labels == ("nearest", "split")


def test_the_baseline_may_name_some_axes_only(folder: Path) -> None:
    replace(folder, "[axes]", 'baseline = { mode = "whole" }\n\n[axes]')
    assert read_grid(folder / "grid.toml").baseline.labels == ("nearest", "whole")


def test_folders_are_relative_to_the_file(folder: Path) -> None:
    (folder / "adapters" / "a").mkdir(parents=True)
    (folder / "mine.toml").write_text('name = "mine"\n[variants.b]\nabout = "B"\n')
    replace(folder, '"nearest"\n', '"mine.toml:b"\n')
    replace(
        folder,
        "[axes]",
        '[axes]\nmodel = [{ label = "a", set = { model.name = "OWNER/NAME", model.adapter = '
        '"adapters/a" } }, { label = "b", set = { model.name = "./gone" } }]',
    )
    grid = read_grid(folder / "grid.toml")

    by_label = {cell.labels[0]: cell.recipe for cell in grid.cells}
    assert by_label["a"].about == "B"
    assert by_label["a"].model.adapter == str(folder / "adapters" / "a")
    assert by_label["a"].model.name == "OWNER/NAME"
    assert by_label["b"].model.name == str(folder / "gone")
    assert grid.file.test == folder / "data" / "test.csv"


def test_a_recipe_may_be_named_by_labels(folder: Path) -> None:
    (folder / "mine.toml").write_text('name = "m"\n[variants.b-1]\nabout = "B"\n', encoding="utf-8")
    replace(folder, '"nearest"\n', '"mine.toml:{kind}-{number}"\n')
    replace(folder, "[axes]", '[axes]\nkind = [{ label = "b" }]\nnumber = [{ label = "1" }]')
    assert {cell.recipe.about for cell in read_grid(folder / "grid.toml").cells} == {"B"}

    replace(folder, 'label = "1"', 'label = "2"')
    with pytest.raises(InputError, match="no variant 'b-2'"):
        read_grid(folder / "grid.toml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('out = "results"', "", "'out' is missing"),
        ('out = "results"', 'out = "results"\nsead = 1', "unknown key 'sead'"),
        ("[axes]", "seeds = [-1]\n[axes]", "'seeds.0': input should be greater than or equal to 0"),
        ("[axes]", "seeds = [1, 1]\n[axes]", "'seeds': a seed is given twice"),
        ("[axes]", 'metrics = ["blue"]\n[axes]', "'metrics'"),
        ("[axes]", 'metric_models = { em = "x" }\n[axes]', "METRIC one of bertscore"),
        ('"whole" }', '"halves" }', "prompt.compound.mode"),
        ('label = "whole"', 'label = "split"', "'axes.mode': label 'split' is given twice"),
        ('label = "whole"', 'label = "a,b"', "label 'a,b' must not have a comma"),
        ('"nearest", "constant"', "", "list should have at least 1 item"),
        ("mode = [", "score = [", "an axis cannot be called 'score'"),
        (
            "[axes]",
            'baseline = { mode = "hole" }\n[axes]',
            "'baseline': axis 'mode' has no level 'hole', it has split, whole",
        ),
        ("[axes]", 'baseline = { mood = "whole" }\n[axes]', "'baseline': no axis 'mood'"),
        ("[axes]", '[[exclude]]\nmode = "none"\n[axes]', "'exclude.0': axis 'mode' has no level"),
        ("[axes]", "[[exclude]]\n[axes]", "'exclude.0' is empty"),
        (
            "[axes]",
            '[[exclude]]\nmode = ["split", "whole"]\n[axes]',
            "'exclude' leaves no cell",
        ),
        (
            "[axes]",
            '[[exclude]]\nmode = "split"\n[axes]',
            "the baseline (nearest, split) is not one of the cells; set 'baseline'",
        ),
        (
            "[axes]",
            f"[axes]\n{chr(10).join(f'a{n} = {list(range(10))}' for n in range(4))}",
            "'axes' make 40,000 cells, and a grid has at most 10,000",
        ),
        ("[axes]", '[[cells]]\nmode = "split"\n[axes]', "names no level of 'engine.name'"),
        ("[axes]", "set = { sampling.seed = 3 }\n[axes]", "sampling.seed is set by 'seeds'"),
        ('"nearest"\n', '"nearst"\n', "No recipe 'nearst'. Did you mean 'nearest'?"),
        ("test.csv", "gone.csv", "gone.csv"),
        ("data/train.csv", "data/gone.csv", "gone.csv"),
        ('"data/references.csv"', '"data/../../gone.csv"', "gone.csv"),
        ("sample-wallpaper", "sample-wallpapr", "sample-wallpaper"),
        ('out = "results"', 'out = "grid.toml"', "'out' must be a folder"),
    ],
)
def test_a_wrong_file_is_refused_before_anything_runs(
    folder: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    replace(folder, old, new)
    assert run(["ablate", str(folder / "grid.toml"), "--ledger", str(folder / "l.db")]) == 2

    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said
    assert not (folder / "results").exists()


def test_every_mistake_is_said_at_once(folder: Path) -> None:
    replace(folder, "[axes]", 'seeds = [1, 1]\nbaseline = { mood = "x" }\n[axes]')
    replace(folder, 'label = "whole"', 'label = "split"')
    with pytest.raises(InputError) as raised:
        read_grid(folder / "grid.toml")

    message = str(raised.value)
    assert "3 problems" in message
    assert all(part in message for part in ("a seed is given twice", "mood", "given twice"))


def test_a_wrong_value_is_said_once_for_all_cells_that_have_it(folder: Path) -> None:
    replace(folder, '"nearest", "constant"', '"nearest", "constant", "medoid"')
    replace(folder, '"whole" }', '"halves" }')
    with pytest.raises(InputError) as raised:
        read_grid(folder / "grid.toml")
    assert str(raised.value).count("halves") == 1
    assert "cells 'nearest,whole' and 2 more: " in str(raised.value)


def test_a_test_file_that_is_not_the_references_is_refused_first(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (folder / "data" / "test.csv").read_text(encoding="utf-8-sig").splitlines()
    (folder / "short.csv").write_text("\n".join(rows[:-1]) + "\n", encoding="utf-8")
    replace(folder, "data/test.csv", "short.csv")
    assert run(["ablate", str(folder / "grid.toml"), "--ledger", str(folder / "l.db")]) == 2
    assert "does not fit the references" in capsys.readouterr().err


def test_the_pages_example_is_a_grid(tmp_path: Path) -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "commands" / "ablate.md"
    example = page.read_text(encoding="utf-8").split("```toml")[1].split("```")[0]
    (tmp_path / "grid.toml").write_text(example, encoding="utf-8")
    grid = read_grid(tmp_path / "grid.toml")

    assert len(grid.cells) == 2**4 - 2**2
    assert len(grid.trials) == 8 + 4 * 3
    assert grid.baseline.labels == ("base", "greedy", "split", "true")

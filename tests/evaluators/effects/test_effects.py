"""Main effects and interactions: against closed forms, scipy, and planted numbers."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy import stats

from evaluators.effects import Design, Effects, RowOutcomes, SummedOutcomes, effects
from evaluators.effects.estimate import Interaction, MainEffect
from evaluators.errors import EvaluationError
from evaluators.significance import Totals, paired_test

MODEL, PROMPT, MODE = ("base", "lora"), ("plain", "expert", "few-shot"), ("split", "whole")
FULL = Design(("model", "prompt", "mode"), tuple(product(MODEL, PROMPT, MODE)))


@pytest.fixture
def rows() -> np.ndarray:
    """Scores of the full design's 12 cells on 60 rows, rows differing far more than cells."""
    random = np.random.default_rng(7)
    return random.normal(0.5, 0.2, 60) + random.normal(0.0, 0.05, (12, 60))


def by_level(found: Effects, axis: str) -> dict[str, Any]:
    return {each.level: each for each in found.main if each.axis == axis}


def by_pair(found: Effects, axis: str, other: str) -> dict[Any, Any]:
    return {
        (each.level, each.other_level): each
        for each in found.interactions
        if (each.axis, each.other_axis) == (axis, other)
    }


def test_a_balanced_designs_effects_are_differences_of_averages(rows: np.ndarray) -> None:
    found = effects(FULL, RowOutcomes(rows, resamples=99))
    cells = rows.mean(axis=1).reshape(2, 3, 2)

    assert found.balanced
    assert found.caveats == []
    assert (found.cells, found.n) == (12, 60)
    for place, level in enumerate(PROMPT):
        main = by_level(found, "prompt")[level]
        assert main.mean == pytest.approx(cells[:, place].mean(), abs=1e-12)
        assert main.effect.value == pytest.approx(cells[:, place].mean() - cells.mean(), abs=1e-6)
    for (one, level), (two, other) in product(enumerate(MODEL), enumerate(PROMPT)):
        # Montgomery, Design and Analysis of Experiments, 5.3: cell minus row minus column plus all.
        expected = cells[one, two].mean() - cells[one].mean() - cells[:, two].mean() + cells.mean()
        effect = by_pair(found, "model", "prompt")[level, other].effect
        assert effect.value == pytest.approx(expected, abs=1e-6)


def test_effects_of_an_axis_sum_to_nothing(rows: np.ndarray) -> None:
    found = effects(FULL, RowOutcomes(rows, resamples=99))

    for axis in FULL.axes:
        assert sum(e.effect.value for e in by_level(found, axis).values()) == pytest.approx(
            0, abs=1e-6
        )
    pairs = by_pair(found, "prompt", "mode")
    for level in PROMPT:
        assert sum(pairs[level, mode].effect.value for mode in MODE) == pytest.approx(0, abs=1e-6)


def test_a_difference_is_the_paired_test_of_the_levels_averages(rows: np.ndarray) -> None:
    found = by_level(effects(FULL, RowOutcomes(rows)), "model")
    lora, base = rows[6:].mean(axis=0), rows[:6].mean(axis=0)

    expected = paired_test(lora, base)
    assert found["base"].difference is None
    assert found["lora"].difference[:4] == pytest.approx(expected_of(expected), abs=1e-9)
    # A sign-flip p-value of 60 rows is near the t-test's: scipy.stats.ttest_rel.
    assert found["lora"].difference.p_value == pytest.approx(
        stats.ttest_rel(lora, base).pvalue, abs=0.02
    )


def expected_of(result: Any) -> tuple[float, ...]:
    return (result.difference, result.low, result.high, result.p_value)


def test_an_interval_is_scipys_bootstrap_of_the_contrast(rows: np.ndarray) -> None:
    found = by_level(effects(FULL, RowOutcomes(rows)), "mode")
    contrast = rows[0::2].mean(axis=0) - rows.mean(axis=0)

    expected = stats.bootstrap(
        (contrast,), np.mean, n_resamples=9999, method="BCa", rng=np.random.default_rng(0)
    ).confidence_interval
    assert found["split"].effect[1:] == pytest.approx((expected.low, expected.high), abs=3e-4)


def test_pairing_takes_the_rows_own_difficulty_out_of_the_interval(rows: np.ndarray) -> None:
    effect = by_level(effects(FULL, RowOutcomes(rows)), "model")["lora"].effect

    # The mean of 60 rows with a deviation of 0.2 alone would be unsure by 0.1.
    assert effect.high - effect.low < 0.01


def test_planted_effects_are_found() -> None:
    random = np.random.default_rng(3)
    main, together = {"base": -0.1, "lora": 0.1}, {("lora", "split"): 0.05, ("base", "whole"): 0.05}
    design = Design(("model", "mode"), tuple(product(MODEL, MODE)))
    difficulty = random.normal(0.5, 0.2, 400)
    rows = [
        difficulty + main[model] + together.get((model, mode), -0.05) + random.normal(0, 0.05, 400)
        for model, mode in design.cells
    ]
    found = effects(design, RowOutcomes(rows), ("base", "whole"))

    lora = by_level(found, "model")["lora"]
    assert lora.effect.value == pytest.approx(0.1, abs=0.01)
    assert lora.difference.value == pytest.approx(0.2, abs=0.01)
    assert lora.difference.p_adjusted < 0.01
    assert by_level(found, "mode")["split"].effect.value == pytest.approx(0, abs=0.01)
    pair = by_pair(found, "model", "mode")["lora", "split"]
    assert pair.effect.value == pytest.approx(0.05, abs=0.01)
    assert pair.effect.low < 0.05 < pair.effect.high
    assert pair.difference.value == pytest.approx(0.2, abs=0.02)
    assert by_pair(found, "model", "mode")["base", "split"].difference is None


def test_equal_cells_have_no_effects() -> None:
    design = Design(("model", "mode"), tuple(product(MODEL, MODE)))
    found = effects(design, RowOutcomes(np.tile(np.linspace(0, 1, 30), (4, 1))))

    both: list[MainEffect | Interaction] = [*found.main, *found.interactions]
    assert {each.effect for each in both} == {(0, 0, 0)}
    assert {each.difference for each in both} == {None, (0, 0, 0, 1, 1)}


def test_holes_are_bridged_by_least_squares() -> None:
    # Additive scores: least squares gets the effects back although a cell is missing.
    design = Design(("model", "prompt"), tuple(product(MODEL, PROMPT))[:-1])
    worth = {"base": 0.0, "lora": 0.2, "plain": 0.0, "expert": 0.1, "few-shot": 0.5}
    rows = [np.full(5, worth[model] + worth[prompt]) for model, prompt in design.cells]
    found = effects(design, RowOutcomes(rows))

    assert not found.balanced
    assert found.caveats == [
        ("unbalanced", ""),
        ("additive", "model"),
        ("additive", "prompt"),
        ("too_few", "model x prompt"),
    ]
    assert found.interactions == []
    assert by_level(found, "model")["lora"].difference.value == pytest.approx(0.2)
    # The plain average of the few-shot cells would be 0.1 too low beside the others'.
    assert by_level(found, "prompt")["few-shot"].difference.value == pytest.approx(0.5)
    assert by_level(found, "prompt")["few-shot"].mean == pytest.approx(0.6)


def test_least_squares_with_holes_is_numpys_solution(rows: np.ndarray) -> None:
    kept = [place for place in range(12) if place not in {3, 6}]
    design = Design(FULL.axes, tuple(FULL.cells[place] for place in kept))
    found = effects(design, RowOutcomes(rows[kept], resamples=99))

    model = np.array([1 if cell[0] == "base" else -1 for cell in design.cells])
    mode = np.array([1 if cell[2] == "split" else -1 for cell in design.cells])
    prompt = np.array(
        [{"plain": (1, 0), "expert": (0, 1), "few-shot": (-1, -1)}[c[1]] for c in design.cells]
    )
    columns = [np.ones(10), model, *prompt.T, mode]
    columns += [model * each for each in prompt.T] + [model * mode]
    columns += [mode * each for each in prompt.T]
    solution, _, rank, _ = np.linalg.lstsq(
        np.column_stack(columns), rows[kept].mean(axis=1), rcond=None
    )
    assert rank == 10
    assert by_level(found, "model")["base"].effect.value == pytest.approx(solution[1], abs=1e-6)
    assert by_level(found, "prompt")["expert"].effect.value == pytest.approx(solution[3], abs=1e-6)
    pair = by_pair(found, "model", "mode")["base", "split"]
    assert pair.effect.value == pytest.approx(solution[7], abs=1e-6)


def test_axes_that_change_together_are_not_told_apart() -> None:
    design = Design(("model", "prompt"), (("base", "plain"), ("lora", "expert")))
    found = effects(design, RowOutcomes(np.random.default_rng(0).random((2, 8))))

    assert found.main == []
    assert ("confounded", "model") in found.caveats


def test_an_axis_of_one_level_has_no_effect() -> None:
    design = Design(("model", "prompt"), (("base", "plain"), ("base", "expert")))
    found = effects(design, RowOutcomes(np.random.default_rng(0).random((2, 8))))

    assert found.balanced
    assert {each.axis for each in found.main} == {"prompt"}


def test_rows_that_some_cell_has_no_score_for_are_left_out(rows: np.ndarray) -> None:
    rows[4, 10] = rows[5, 11] = np.nan
    found = effects(FULL, RowOutcomes(rows, resamples=99))

    assert found.n == 58


def test_sums_that_are_means_give_the_effects_of_row_scores(rows: np.ndarray) -> None:
    seeds = np.stack([rows, rows + 0.01 * np.random.default_rng(1).normal(size=rows.shape)])
    summed = SummedOutcomes([[Totals.of_rows(r) for r in cell] for cell in seeds.swapaxes(0, 1)])
    by_sums = effects(FULL, summed)
    by_rows = effects(FULL, RowOutcomes(seeds.mean(axis=0)))

    assert by_sums.n == by_rows.n
    for one, other in zip(by_sums.main, by_rows.main, strict=True):
        assert one.effect.value == pytest.approx(other.effect.value, abs=1e-6)
        assert one.effect[1:] == pytest.approx(other.effect[1:], abs=1e-3)


def test_p_values_are_adjusted_over_the_table(rows: np.ndarray) -> None:
    found = effects(FULL, RowOutcomes(rows))
    tested = [each.difference for each in found.main if each.difference]

    assert len(tested) == 1 + 2 + 1
    smallest = min(tested, key=lambda each: each.p_value)
    assert smallest.p_adjusted == pytest.approx(min(1.0, 4 * smallest.p_value))


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: Design(("a",), ()), "without cells"),
        (lambda: Design(("a", "b"), (("x",),)), "one level for each axis"),
        (lambda: Design(("a",), (("x",), ("x",))), "two cells have the same levels"),
        (lambda: RowOutcomes([[np.nan, 1.0], [1.0, np.nan]]), "no row has a score in all cells"),
        (lambda: effects(FULL, RowOutcomes([[1.0]])), "1 scores for 12 cells"),
        (
            lambda: effects(FULL, RowOutcomes(np.ones((12, 2))), ("gpt", "plain", "split")),
            "no cell has the reference level model = gpt",
        ),
        (
            lambda: SummedOutcomes([[Totals.of_rows([1.0])], [Totals.of_rows([1.0, 2.0])]]),
            "different numbers of rows",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(act: Callable[..., Any], message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        act()

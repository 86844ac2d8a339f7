"""Choices by likelihood, end to end, beside those of lm-eval on the same model and prompts."""

from __future__ import annotations

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from evaluators.text.options import labelled_options
from submission.cli import run
from submission.competitions import find_competition
from submission.engines.base import Finish
from submission.generation.generate import Job, generate
from submission.recipes import Recipe
from submission.runs.answers import run_answers
from submission.runs.ledger import Ledger
from submission.tables import read_table

ROOT = Path(__file__).resolve().parents[3]
SAMPLE = ROOT / "data_sample" / "choice"
GOLDEN = json.loads((ROOT / "tests" / "golden" / "lm_eval_choice.json").read_text("utf-8"))
TEMPLATE = "질문: {{ question }}\n답변:"
TOLERANCE = 1e-4


def recipe(**choice: Any) -> Recipe:
    return Recipe.model_validate(
        {
            "name": "choice",
            "model": {"name": "embedded"},
            "engine": {"name": "transformers", "dtype": "float32"},
            "prompt": {"template": TEMPLATE},
            "sampling": {"max_tokens": 8},
            "choice": {"others": "generate", **choice},
        }
    )


def chosen(folder: Path, **choice: Any) -> dict[str, Any]:
    """Every answer and what it was chosen by, of a run over the sample."""
    competition = find_competition("sample-choice")
    with Ledger(folder / "ledger.db") as book:
        job = Job("run", recipe(**choice), competition, SAMPLE / "test.csv")
        said: list[str] = []
        generate(job, book, said.append)
        parts = {part.row_id: part.completion for part in book.parts("run")}
        answers = {answer.id: answer for answer in run_answers(book, "run")}
    assert parts.keys() == answers.keys()
    asked = len(GOLDEN["tasks"]["labels"]["rows"])
    told = f"{len(parts) - asked} of {len(parts)} rows have no options: answered in words."
    assert said.count(told) == 1
    return {key: (answers[key], parts[key]) for key in parts}


def accuracy(found: dict[str, Any], rows: list[dict[str, Any]]) -> float:
    return sum(found[row["id"]][0].text == row["gold"] for row in rows) / len(rows)


@pytest.mark.parametrize(
    ("method", "normalize", "metric"),
    [
        ("labels", "sum", "acc"),
        ("options", "sum", "acc"),
        ("options", "character", "acc_norm"),
        ("options", "byte", "acc_bytes"),
    ],
)
def test_likelihoods_and_accuracy_are_those_of_lm_eval(
    tmp_path: Path, method: str, normalize: str, metric: str
) -> None:
    task = GOLDEN["tasks"][method]
    found = chosen(tmp_path, method=method, normalize=normalize)
    assert accuracy(found, task["rows"]) == pytest.approx(task[metric])
    if normalize == "sum":
        for row in task["rows"]:
            assert found[row["id"]][1].likelihoods == pytest.approx(
                row["likelihoods"], abs=TOLERANCE
            )


def test_generating_under_the_constraint_gives_a_label_for_every_row(tmp_path: Path) -> None:
    found = chosen(tmp_path, method="constrained")
    by_likelihood = GOLDEN["tasks"]["labels"]["rows"]
    assert len(by_likelihood) < len(found)
    for row in by_likelihood:
        answer, completion = found[row["id"]]
        # Labels of one token: the best of them is the most likely one.
        assert answer.text == max(row["likelihoods"], key=row["likelihoods"].get)
        assert (answer.probabilities, completion.likelihoods) == (None, {})


def test_rows_without_options_are_answered_in_words(tmp_path: Path) -> None:
    found = chosen(tmp_path)
    rows = {row["id"] for row in GOLDEN["tasks"]["labels"]["rows"]}
    for key, (answer, completion) in found.items():
        assert (answer.probabilities is not None) == (key in rows)
        assert (completion.completion_tokens > 0) == (key not in rows)
        if answer.probabilities is not None:
            assert sum(answer.probabilities.values()) == pytest.approx(1.0)
            assert answer.text == max(answer.probabilities, key=answer.probabilities.__getitem__)


def test_pmi_subtracts_what_an_option_has_without_the_question(tmp_path: Path) -> None:
    conditional = chosen(_made(tmp_path / "sum"), method="options")
    pmi = chosen(_made(tmp_path / "pmi"), method="options", normalize="pmi")
    for row in GOLDEN["tasks"]["options"]["rows"]:
        for label, option in options_of(row["id"]):
            plain, less = (each[row["id"]][1].likelihoods[label] for each in (conditional, pmi))
            assert plain - less == pytest.approx(alone(f"답: {option}", "답:"), abs=TOLERANCE)


@cache
def loaded() -> tuple[Any, Any]:
    folder = ROOT / "data_sample" / "embedded"
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    return AutoTokenizer.from_pretrained(folder), model


def alone(text: str, prompt: str) -> float:
    """The log-likelihood of what stands behind ``prompt``, by one plain pass over the text."""
    tokenizer, model = loaded()
    ids, start = tokenizer(text)["input_ids"], len(tokenizer(prompt)["input_ids"])
    with torch.inference_mode():
        logits = model(torch.tensor([ids])).logits[0].log_softmax(-1)
    return float(sum(logits[place - 1, ids[place]] for place in range(start, len(ids))))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def options_of(row_id: str) -> list[tuple[str, str]]:
    with (SAMPLE / "test.csv").open(encoding="utf-8-sig", newline="") as handle:
        rows = {row["id"]: row["Question"] for row in csv.DictReader(handle)}
    return labelled_options(rows[row_id])


def test_a_row_without_options_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.toml").write_text(RECIPE, "utf-8")
    book = tmp_path / "ledger.db"
    assert run(generated(tmp_path, book)) == 2
    told = capsys.readouterr().err
    assert "column Question: no options to choose from, nor in" in told
    assert "choice.others = 'generate'" in told
    with Ledger(book) as ledger:
        assert not ledger.runs()


def test_a_prompt_and_its_longest_option_fit_or_the_prompt_is_too_long(tmp_path: Path) -> None:
    competition = find_competition("sample-choice")
    short = recipe(method="options").model_copy(update={"name": "short"})
    engine = short.engine.model_copy(update={"max_model_len": 60})
    short = short.model_copy(update={"engine": engine})
    with Ledger(tmp_path / "ledger.db") as book:
        job = Job("run", short, competition, SAMPLE / "test.csv")
        report = generate(job, book, lambda _: None)
        assert report.degenerate["too_long"] > 0
        for part in book.parts("run"):
            assert part.completion is not None
            too_long = part.completion.finish is Finish.PROMPT_TOO_LONG
            assert ("too_long" in (part.degenerate or "")) == too_long
            assert not (too_long and part.completion.likelihoods)


def test_probabilities_are_exported_scored_and_averaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = RECIPE.replace("[choice]", '[choice]\nothers = "generate"')
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    book = tmp_path / "ledger.db"
    assert run(generated(tmp_path, book)) == 0
    options = ["--set", "choice.method=options", "--set", "choice.normalize=token"]
    assert run([*generated(tmp_path, book, "other"), *options]) == 0
    ledger = ["--ledger", str(book)]
    by = ["--by", "probability", "--run", "both", "-c", "sample-choice"]
    assert run(["ensemble", "mine", "other", *by, *ledger]) == 0
    shares = []
    for name in ("mine", "other", "both"):
        out = tmp_path / f"{name}.jsonl"
        assert run(["export", name, "--out", str(out), *ledger]) == 0
        rows = map(json.loads, out.read_text("utf-8").splitlines())
        shares.append({row["id"]: row["probabilities"] for row in rows})
        assert run(["export", name, "--out", str(tmp_path / f"{name}.csv"), *ledger]) == 0
        table = read_table(tmp_path / f"{name}.csv")
        cells = [json.loads(cell) if cell else None for cell in table.column("probabilities")]
        assert cells == list(shares[-1].values())
    for one, other, both in zip(*(each.values() for each in shares), strict=True):
        assert (one is None) == (both is None)
        if one is not None:
            means = {label: (one[label] + other[label]) / 2 for label in one}
            assert both == pytest.approx(means)
    capsys.readouterr()
    references = ["--references", str(SAMPLE / "references.csv"), "-c", "sample-choice", "--json"]
    assert run(["score", "--run", "both", *references, *ledger]) == 0
    found = json.loads(capsys.readouterr().out)["calibration"]
    judged = len(GOLDEN["tasks"]["labels"]["rows"])
    assert (found["n"], sum(each["n"] for each in found["bins"]), len(found["bins"])) == (
        judged,
        judged,
        15,
    )


def test_members_without_probabilities_cannot_be_averaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = RECIPE.replace("[choice]", '[choice]\nothers = "generate"\nmethod = "constrained"')
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    book = tmp_path / "ledger.db"
    assert run(generated(tmp_path, book)) == 0
    assert run([*generated(tmp_path, book, "other"), "--set", "choice.leading_space=no"]) == 0
    capsys.readouterr()
    by = ["--by", "probability", "--run", "both", "-c", "sample-choice", "--ledger", str(book)]
    assert run(["ensemble", "mine", "other", *by]) == 2
    assert "none of these runs has probabilities" in capsys.readouterr().err


RECIPE = f"""\
name = "mine"
model = {{ name = "embedded" }}
engine = {{ name = "transformers", dtype = "float32" }}
prompt = {{ template = {json.dumps(TEMPLATE, ensure_ascii=False)} }}
sampling = {{ max_tokens = 4 }}

[choice]
"""


def generated(folder: Path, book: Path, name: str = "mine") -> list[str]:
    test = ["-c", "sample-choice", "--test", str(SAMPLE / "test.csv"), "--run", name]
    return ["generate", str(folder / "mine.toml"), *test, "--ledger", str(book)]

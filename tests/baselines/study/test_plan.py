"""What a study file may hold, and what is said of one that is wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from baselines.study.plan import read_study
from submission.cli import run
from submission.errors import InputError
from tests.baselines.study.conftest import PROJECT, replace

DOCS = PROJECT / "docs"


def test_cells_that_differ_only_in_what_their_method_does_not_read_are_one(folder: Path) -> None:
    koen, summary = read_study(folder / "study.toml").tasks

    assert [cell.labels for cell in koen.tuned] == [
        ("fft", "2", "none"), ("fft", "4", "none"),
        ("lora", "4", "1"), ("lora", "4", "2"),
    ]  # fmt: skip
    assert [trial.run for trial in summary.grid.trials][:2] == [
        "study/summary/base",
        "study/summary/fft,2,none",
    ]


def test_the_base_is_asked_as_the_tuned_models_are(folder: Path) -> None:
    (plan, _) = read_study(folder / "study.toml").tasks

    base, tuned = plan.grid.baseline.recipe, plan.tuned[0].recipe
    assert base.training is None
    assert (base.model, base.prompt, base.sampling, base.engine) == (
        tuned.model, tuned.prompt, tuned.sampling, tuned.engine,
    )  # fmt: skip


def test_only_translations_are_scored_with_comet_and_zero_on_mismatch(folder: Path) -> None:
    koen, summary = read_study(folder / "study.toml").tasks

    assert koen.comet == f"comet:model={folder}/comet,encoder={folder}/encoder,mismatch=zero"
    assert koen.grid.file.metrics == ["rougeL", "bleu:tokenizer=char", koen.comet]
    assert summary.comet is None
    assert summary.grid.file.metrics == []


def test_recipes_of_tasks_and_methods_may_be_the_variants_of_one(folder: Path) -> None:
    replace(folder, '"{task}.toml"', '"gemma-study:{task}-{method}"')
    replace(folder, "[tasks.summary]", "[tasks.summary-law]")
    replace(folder, ', set = { training.method = "lora" } }', " }")
    # Every weight answers in float32; so have the adapter and the untuned model to.
    with pytest.raises(InputError, match=r"of task .koen. differ in engine\.dtype: "):
        read_study(folder / "study.toml")
    replace(folder, "set = { model.name", 'set = { engine.dtype = "float32", model.name')
    koen, law = read_study(folder / "study.toml", "elsewhere/gemma").tasks

    assert {cell.recipe.name for cell in koen.tuned} == {
        "gemma-study:koen-fft",
        "gemma-study:koen-lora",
    }
    assert law.tuned[-1].recipe.training.method == "qlora"
    assert law.grid.baseline.recipe.model.name == "elsewhere/gemma"
    assert "요약" in law.grid.baseline.recipe.prompt.template


def test_every_seed_asks_where_answers_are_sampled(folder: Path) -> None:
    replace(folder, "set = {", "seeds = [1, 2]\nset = { sampling.temperature = 0.5,")
    (plan, _) = read_study(folder / "study.toml").tasks

    runs = [trial.run for trial in plan.grid.trials]
    assert runs[:2] == ["study/koen/base@1", "study/koen/base@2"]
    assert len(runs) == 2 * 5


def test_the_example_on_the_sample_data_is_a_study() -> None:
    sample = read_study(DOCS / "examples" / "study.toml", "small/gemma")

    assert [len(plan.tuned) for plan in sample.tasks] == [6, 6]
    for plan in sample.tasks:
        placed = plan.grid.file
        assert all(path.is_file() for path in (placed.train, placed.test, placed.references))
        sizes = {cell.recipe.training.rows for cell in plan.tuned}
        assert sizes == {14, 28}


def test_the_published_study_is_one_file(tmp_path: Path) -> None:
    page = (DOCS / "commands" / "study.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "study.toml").write_text(text, encoding="utf-8")
    tasks = read_study(tmp_path / "study.toml").tasks

    # Four sizes with every weight, four with each of three ranks.
    assert [len(plan.tuned) for plan in tasks] == [4 + 12, 4 + 12]
    rates = {cell.recipe.name: cell.recipe.training.learning_rate for cell in tasks[1].tuned}
    assert rates == {"gemma-study:summary-news-fft": 1e-7, "gemma-study:summary-news-lora": 6e-5}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('out = "results"', "", "'out' is missing"),
        ('kind = "summary"', 'kind = "poem"', "'tasks.summary.kind': input should"),
        ("[tasks.koen]", '[tasks."a/b"]', "string should match pattern"),
        ("training.rows = 2", "sampling.top_k = 2", "a study varies only training"),
        ('label = "fft"', 'label = "base"', "label 'base' is reserved"),
        ("rank = [", "model = [", "an axis cannot be called 'model'"),
        ("training.rows = 2", "training.rows = -2", "input should be greater than 0"),
        ('set = { model.name = "model" }', "", "'nearest' has no [model]"),
        ("set = {", 'set = { model.adapter = "a",', "has an adapter already"),
        ("metrics = []", 'metrics = ["blue"]', "there is no metric 'blue'"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_in_words(folder: Path, old: str, new: str, message: str) -> None:
    if "nearest" in message:
        replace(folder, "{task}.toml", "nearest")
    replace(folder, old, new)
    with pytest.raises(InputError) as error:
        read_study(folder / "study.toml")
    assert message in str(error.value)


def test_methods_that_ask_otherwise_are_refused(folder: Path) -> None:
    text = (folder / "koen.toml").read_text(encoding="utf-8")
    other = text.replace("}}=", "}}:").replace("koen", "other")
    (folder / "koen-lora.toml").write_text(other, encoding="utf-8")
    (folder / "koen-fft.toml").write_text(text, encoding="utf-8")
    replace(folder, '"{task}.toml"', '"koen-{method}.toml"')
    with pytest.raises(InputError, match=r"differ in prompt\.template: the tuned and"):
        read_study(folder / "study.toml")


def test_mistakes_of_several_kinds_are_told_at_once(folder: Path) -> None:
    replace(folder, 'label = "fft"', 'label = "base"')
    replace(folder, "metrics = []", 'metrics = ["blue"]')
    replace(folder, "training.rows = 4", "training.rows = 0")
    with pytest.raises(InputError) as error:
        read_study(folder / "study.toml")
    for part in ("label 'base' is reserved", "'blue'", "training.rows"):
        assert part in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("training.rows = 4", "training.rows = 5", "training.rows = 5, but "),
        ('references = "references.csv"', 'references = "no-source.csv"', "a column 'source' of"),
        ('encoder = "encoder"', 'encoder = "./nowhere"', "nowhere"),
        ('test = "test.csv"', 'test = "gone.csv"', "gone.csv"),
        ('out = "results"', 'out = "test.csv"', "'out' must be a folder"),
    ],
)
def test_files_that_do_not_do_are_refused_before_anything_is_made(
    folder: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    bare = ["id,translation", "T0,went five times", "T1,went six times", ""]
    (folder / "no-source.csv").write_text("\n".join(bare), encoding="utf-8")
    replace(folder, old, new)

    assert run(["study", str(folder / "study.toml"), "--ledger", str(folder / "l.db")]) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said
    assert not (folder / "results").exists()

"""Every recipe that is trained reads what is exported for it, as it was in the records."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from baselines.commands.train import command as train
from baselines.corpus.export.forms import Form, form_for
from baselines.corpus.export.kinds import Asked, UnfitError, asked_of
from baselines.corpus.export.write import Wanted, export
from baselines.corpus.record import Record, Source
from baselines.preference.pairs import read_pairs
from baselines.training.samples import make_samples
from submission.adapters.load import load_tokenizer
from submission.competitions import find_competition
from submission.files.model_files import ModelFiles
from submission.prompts.encode import PromptEncoder
from submission.recipes import find_recipe, list_recipes
from submission.records.read import read_training
from submission.records.rows import TrainingRow
from tests.baselines.corpus.made import corpus_of
from tests.baselines.published import FAMILIES, save_tokenizer

ROOT = Path(__file__).resolve().parents[3]
TRAINED = [entry.name for entry in list_recipes() if entry.training]
SUPERVISED = [name for name in TRAINED if not name.endswith(":dpo")]
STUDY_QA = "docs/examples/study-qa"
SOURCE = Source("made", "made.jsonl", "line 1")
DOCUMENT = "벽지 뒤에 습기가 차면 곰팡이가 핀다. 환기가 이를 막는다."


def record(number: int, task: str, **fields: object) -> Record:
    return Record(id=f"{task}:{number}", source=SOURCE, task=task, category="생활", **fields)  # type: ignore[arg-type]


def every_task() -> list[Record]:
    """Two records of each task."""
    made = []
    for n in (1, 2):
        asked = {"question": f"{n}번 벽지에 곰팡이가 왜 피나요?"}
        said = {"documents": (f"{n}. {DOCUMENT}", "둘째 글.")}
        made += [
            record(n, "qa", **asked, **said, answers=(f"습기 {n}", f"물기 {n}")),
            record(n, "summary", **said, summary=f"습기가 곰팡이를 부른다 {n}."),
            record(n, "dialogue-summary", **said, summary=f"두 사람이 벽지를 말했다 {n}."),
            record(n, "interview-summary", **asked, **said, summary=f"환기를 든다 {n}."),
            record(n, "structured", **asked, **said, summary=f"습기 탓 {n}.", answers=(f"습 {n}",)),
            record(n, "preference", **asked, answers=("가장 낫다", "그다음", "나쁘다")),
        ]
        texts = {"en": "Damp walls.", "zh": "墙壁潮湿。", "ja": "壁が湿っている。"}
        made += [
            record(
                n, "translation", documents=(f"벽이 젖었다 {n}.",), answers=(f"{text} {n}",),
                language=f"ko-{language}",
            )
            for language, text in texts.items()
        ]  # fmt: skip
    return [
        each if each.task != "translation" else _named(each, place)
        for place, each in enumerate(made)
    ]


def _named(each: Record, place: int) -> Record:
    return msgspec.structs.replace(each, id=f"translation:{place}")


def written(name: str, folder: Path, ending: str = ".csv", kind: str | None = None) -> Path:
    out = folder / f"train{ending}"
    corpus = corpus_of(folder / "corpus.jsonl", every_task())
    export(corpus, form_for(name, kind, None), out, Wanted(), lambda _: None)
    return out


def competition_of(form: Form) -> str:
    return form.competition or str(ROOT / STUDY_QA)


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
@pytest.mark.parametrize("name", SUPERVISED)
def test_a_recipe_learns_what_the_records_say(name: str, ending: str, tmp_path: Path) -> None:
    form = form_for(name, None, None)
    profile = find_competition(competition_of(form)).profile
    rows = read_training(profile, written(name, tmp_path, ending))
    pairs = {
        (question, answer) for row in rows for question in row.questions for answer in row.answers
    }
    expected = {
        (asked.question, answer)
        for each in every_task()
        if each.task in form.kind.tasks
        for asked in _fitting(form, each)
        for answer in asked.answers
    }
    assert pairs == expected
    assert len(pairs) >= 2
    _learn(name, rows, tmp_path)


def _fitting(form: Form, each: Record) -> list[Asked]:
    try:
        return asked_of(form.kind, each)
    except UnfitError:
        return []


def _learn(name: str, rows: list[TrainingRow], folder: Path) -> None:
    """The samples that ``train`` makes, with a tokenizer that writes as the published one."""
    recipe = find_recipe(name)
    assert recipe.model is not None
    tokenizer = load_tokenizer(save_tokenizer(FAMILIES[recipe.model.name], folder / "tokenizer"))
    samples = make_samples(rows, PromptEncoder(tokenizer, recipe.prompt), 10_000).samples
    assert len(samples) == sum(len(row.answers) for row in rows)
    each_answer = [row for row in rows for _ in row.answers]
    for row, sample in zip(each_answer, samples, strict=True):
        prompt = tokenizer.decode(sample.prompt.tolist())
        assert row.questions[0] in prompt
        assert row.row.get("instruction", "") in prompt
        assert row.context in prompt or "{{ context }}" not in recipe.prompt.template


@pytest.mark.parametrize(
    ("name", "source", "target"),
    [
        ("gemma-study:koen-lora", "벽이 젖었다 1.", "Damp walls. 1"),
        ("gemma-study:enko-fft", "Damp walls. 1", "벽이 젖었다 1."),
        ("gemma-study:kocn-lora", "벽이 젖었다 1.", "墙壁潮湿。 1"),
        ("gemma-study:cnko-fft", "墙壁潮湿。 1", "벽이 젖었다 1."),
        ("gemma-study:kojp-lora", "벽이 젖었다 1.", "壁が湿っている。 1"),
        ("gemma-study:jpko-lora", "壁が湿っている。 1", "벽이 젖었다 1."),
    ],
)
def test_a_translation_is_read_in_the_direction_of_the_variant(
    name: str, source: str, target: str, tmp_path: Path
) -> None:
    rows = read_training(find_competition("seed-003").profile, written(name, tmp_path))
    assert len(rows) == 2
    assert (rows[0].questions, rows[0].answers) == ((source,), (target,))


def test_the_final_structure_is_a_target_of_the_open_book_recipe(tmp_path: Path) -> None:
    path = written("open-book-gem2", tmp_path, kind="structured")
    rows = read_training(find_competition("kiise-vaiv-2024").profile, path)
    assert [row.answers for row in rows] == [
        ("요약: 습기 탓 1.\n\n답변: 습 1",),
        ("요약: 습기 탓 2.\n\n답변: 습 2",),
    ]
    assert rows[0].context == f"[1] 1. {DOCUMENT}\n\n[2] 둘째 글."


@pytest.mark.parametrize("ending", [".csv", ".jsonl"])
@pytest.mark.parametrize("name", ["open-book-gem2-dpo", "embedded:dpo"])
def test_pairs_are_those_that_tune_takes(name: str, ending: str, tmp_path: Path) -> None:
    best = read_pairs(written(name, tmp_path, ending))
    assert [(each.chosen, each.rejected) for each in best] == [("가장 낫다", "나쁘다")] * 2
    every = read_pairs(written(name, tmp_path, ending, "all-pairs"))
    assert [(each.chosen, each.rejected) for each in every[:3]] == [
        ("가장 낫다", "그다음"),
        ("가장 낫다", "나쁘다"),
        ("그다음", "나쁘다"),
    ]


def test_answers_fill_the_cells_that_a_competition_has(tmp_path: Path) -> None:
    many = record(1, "qa", question="왜?", answers=tuple(f"답 {n}" for n in range(7)))
    corpus = corpus_of(tmp_path / "in.jsonl", [many])
    out = tmp_path / "train.csv"
    export(corpus, form_for("wallpaper-synatra", None, None), out, Wanted(), lambda _: None)
    rows = read_training(find_competition("dacon-236216").profile, out)
    assert [(row.id, row.answers) for row in rows] == [
        ("qa:1", tuple(f"답 {n}" for n in range(5))),
        ("qa:1~row-2", ("답 5", "답 6")),
    ]
    assert rows[1].row["parent"] == "qa:1"


@pytest.mark.parametrize(
    "name",
    [
        *(name for name in SUPERVISED if not name.startswith("embedded")),
        "odqa-gpt",
        "open-book-gem2-dpo",
    ],
)
def test_the_page_has_a_command_for_it(name: str) -> None:
    base, _, variant = name.partition(":")
    aliases = [name, f"{base}-{variant}", variant and f"wallpaper-{variant}", base]
    page = (ROOT / "docs" / "corpus" / "export.md").read_text("utf-8")
    used = re.findall(r"^leaderkit (?:train|tune|generate) +(\S+)", page, re.MULTILINE)
    assert {*aliases} & {each.partition(":")[0] for each in used}


# One of each architecture and form; the others differ in rates and instructions.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "architecture"),
    [
        ("gemma-study:koen-lora", "gemma"),
        ("news-qa-gemma", "gemma2"),
        ("open-book-gem2", "llama"),
        ("wallpaper-kogpt2", "gpt2"),
        ("wallpaper-synatra", "llama"),
        ("odqa-llama", "llama"),
        ("odqa-t5", "t5"),
    ],
)
def test_train_takes_the_file(
    name: str, architecture: str, small: Callable[[str], ModelFiles], tmp_path: Path
) -> None:
    out = tmp_path / "adapter"
    arguments = [name, "-c", competition_of(form_for(name, None, None))]
    arguments += ["--data", str(written(name, tmp_path)), "--out", str(out)]
    arguments += ["--model", str(small(architecture).folder)]
    for setting in ("max_steps=1", "warmup=0", "rows=2"):
        arguments += ["--set", f"training.{setting}"]
    result = CliRunner().invoke(train, arguments)
    assert result.exit_code == 0, result.output
    assert any(out.iterdir())

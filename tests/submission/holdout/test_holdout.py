import codecs
import csv
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from submission.cli import run
from submission.competitions import find_competition
from submission.competitions.profile import Profile
from submission.errors import CheckFailed, InputError
from submission.holdout import Options, Report, hold_out, hold_out_folds, make
from submission.holdout.cells import CONNECTORS, finished
from submission.holdout.draw import draw
from submission.holdout.similarity import Measure, normal_form
from submission.prompts.compound import split
from submission.records.read import read_questions, read_references, read_training
from submission.records.rows import Question, Reference, TrainingRow

SAMPLES = Path(__file__).parents[3] / "data_sample"
WALLPAPER = SAMPLES / "wallpaper" / "train.csv"
NEWS = SAMPLES / "news" / "train.csv"
QUESTION_COLUMNS = ["질문_1", "질문_2"]
ANSWER_COLUMNS = [f"답변_{number}" for number in range(1, 6)]
HEADER = ["id", *QUESTION_COLUMNS, "category", *ANSWER_COLUMNS]
FILES = {"train.csv", "test.csv", "references.csv", "sample_submission.csv", "holdout.json"}
FORM = "dacon-236455"
REAL_DATA = os.environ.get("LEADERKIT_REAL_DATA")


def profile_of(name: str) -> Profile:
    return find_competition(name).profile


@dataclass(frozen=True)
class Made:
    """A local test set, read back by the readers that everything else uses."""

    folder: Path
    report: Report
    source: dict[str, TrainingRow]
    train: list[TrainingRow]
    test: list[Question]
    references: list[Reference]
    made_of: dict[str, list[str]]

    @property
    def held_out(self) -> list[TrainingRow]:
        return [self.source[row_id] for ids in self.made_of.values() for row_id in ids]


def make_set(
    train: Path,
    out: Path,
    options: Options | None = None,
    competition: str = "sample-wallpaper",
) -> Made:
    profile = profile_of(competition)
    report = hold_out(profile, train, out, options or Options())
    story = json.loads((out / "holdout.json").read_text("utf-8"))
    return Made(
        folder=out,
        report=report,
        source={row.id: row for row in read_training(profile, train)},
        train=read_training(profile, out / "train.csv"),
        test=read_questions(profile, out / "test.csv"),
        references=read_references(profile, out / "references.csv"),
        made_of=story["test"],
    )


def write_rows(
    path: Path, header: Sequence[str], rows: Iterable[Sequence[str]], encoding: str = "utf-8-sig"
) -> Path:
    with path.open("w", encoding=encoding, newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    return path


def column(path: Path, name: str = "id") -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row[name] for row in csv.DictReader(file)]


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 -- test data, not a secret


def word(rng: random.Random) -> str:
    return "".join(chr(rng.randrange(ord("가"), ord("힣"))) for _ in range(9))


def qa_row(number: int, rng: random.Random, **cells: str) -> list[str]:
    values = dict.fromkeys(HEADER, "")
    values |= {"id": f"TRAIN_{number:03}", "category": "가나"[number % 2]}
    values |= {name: f"{word(rng)} {word(rng)}?" for name in QUESTION_COLUMNS}
    values["답변_1"] = f"{word(rng)} {word(rng)} {word(rng)}."
    return list((values | cells).values())


def many_rows(path: Path, count: int, planted: dict[int, dict[str, str]] | None = None) -> Path:
    rng = seeded(7)
    cells = planted or {}
    return write_rows(path, HEADER, [qa_row(i, rng, **cells.get(i, {})) for i in range(count)])


def sides(made: Made, ids: Iterable[str]) -> set[bool]:
    """Which sides the rows are on."""
    left = {row.id for row in made.train}
    return {row_id in left for row_id in ids}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def ngrams(text: str) -> set[str]:
    form = normal_form(text)
    return {form[i : i + n] for n in (2, 3) for i in range(len(form) - n + 1)} or {form}


def plain_similarity(measure: Measure, one: str, other: str) -> float:
    def weight(shared: Iterable[str]) -> int:
        return sum((measure.texts // measure.held_by[n]).bit_length() for n in shared)

    a, b = ngrams(one), ngrams(other)
    return float(weight(a & b) / (weight(a) * weight(b)) ** 0.5)


# --- what is on which side


@pytest.mark.parametrize("seed", range(6))
def test_every_row_is_on_exactly_one_side_and_used_once(tmp_path: Path, seed: int) -> None:
    made = make_set(WALLPAPER, tmp_path / "out", Options(seed=seed))
    held_out = [row.id for row in made.held_out]
    assert len(held_out) == len(set(held_out)) == made.report.counts.held_out
    assert sorted(held_out + [row.id for row in made.train]) == sorted(made.source)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("similarity", [0.8, 0.5])
def test_no_test_question_has_a_near_duplicate_in_train(
    tmp_path: Path, seed: int, similarity: float
) -> None:
    made = make_set(WALLPAPER, tmp_path / "out", Options(seed=seed, similarity=similarity))
    measure = Measure.of(text for row in made.source.values() for text in row.questions)
    left = [text for row in made.train for text in row.questions]
    asked = [part.text.rstrip("?.") for question in made.test for part in split(question.text)]
    largest = max(plain_similarity(measure, one, other) for one in asked for other in left)
    assert largest < similarity
    assert made.report.closest is not None
    assert made.report.closest.similarity == pytest.approx(largest, abs=1e-4)


def test_a_phrasing_never_has_another_phrasing_of_its_row_in_train(tmp_path: Path) -> None:
    made = make_set(WALLPAPER, tmp_path / "out")
    left = {normal_form(text) for row in made.train for text in row.questions}
    assert not left & {normal_form(text) for row in made.held_out for text in row.questions}


@pytest.mark.parametrize("seed", range(8))
def test_rows_that_ask_the_same_in_other_spacing_and_punctuation_stay_together(
    tmp_path: Path, seed: int
) -> None:
    planted = {
        3: {"질문_1": "실크벽지의 장점은 무엇인가요?"},
        20: {"질문_2": "실크 벽지의  장점은 무엇 인가요"},
        41: {"질문_1": "“실크벽지”의 장점은, 무엇인가요?!"},
        8: {"질문_1": "PVC 바닥재란?"},
        33: {"질문_2": "pvc바닥재란"},
    }
    source = many_rows(tmp_path / "train.csv", 60, planted)
    made = make_set(source, tmp_path / "out", Options(seed=seed, share=0.4))
    assert len(sides(made, ["TRAIN_003", "TRAIN_020", "TRAIN_041"])) == 1
    assert len(sides(made, ["TRAIN_008", "TRAIN_033"])) == 1
    assert (made.report.groups.joined, made.report.groups.largest) == (2, 3)


@pytest.mark.parametrize("seed", range(8))
def test_rows_that_share_an_answer_stay_together(tmp_path: Path, seed: int) -> None:
    planted = {
        5: {"답변_2": "환기를 자주 하고 표면을 닦아 줍니다."},
        30: {"답변_1": "환기를 자주 하고 표면을 닦아 줍니다."},
        44: {"답변_4": "환기를 자주 하고  표면을 닦아 줍니다"},
    }
    source = many_rows(tmp_path / "train.csv", 60, planted)
    made = make_set(source, tmp_path / "out", Options(seed=seed, share=0.4))
    assert len(sides(made, ["TRAIN_005", "TRAIN_030", "TRAIN_044"])) == 1


@pytest.mark.parametrize("seed", range(6))
def test_a_joined_cell_in_train_keeps_both_its_questions_on_its_side(
    tmp_path: Path, seed: int
) -> None:
    first, second = "누수 자국은 왜 남을까요?", "결로는 어떻게 막나요?"
    planted = {
        2: {"질문_1": first},
        31: {"질문_2": second},
        50: {"질문_1": f"{first} 또한, {second}"},
    }
    source = many_rows(tmp_path / "train.csv", 60, planted)
    made = make_set(source, tmp_path / "out", Options(seed=seed, share=0.4))
    assert len(sides(made, ["TRAIN_002", "TRAIN_031", "TRAIN_050"])) == 1


@pytest.mark.parametrize("seed", range(6))
def test_rows_of_one_article_stay_together(tmp_path: Path, seed: int) -> None:
    made = make_set(NEWS, tmp_path / "out", Options(seed=seed), "dacon-236291")
    left = {row.context for row in made.train}
    assert made.test
    assert not left & {question.context for question in made.test}
    assert made.report.counts.joined == 0


def test_a_short_answer_found_in_two_articles_joins_nothing(tmp_path: Path) -> None:
    rng = seeded(1)
    header = ["id", "context", "question", "answer"]
    rows = [[f"T{i}", f"{word(rng)} 서울 {word(rng)}", f"{word(rng)}?", "서울"] for i in range(20)]
    source = write_rows(tmp_path / "train.csv", header, rows)
    made = make_set(source, tmp_path / "out", competition="dacon-236291")
    assert made.report.groups.total == 20


def test_a_leak_is_found_in_the_files_and_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = many_rows(tmp_path / "train.csv", 40, {i: {"질문_1": "같은가?"} for i in range(40)})
    monkeypatch.setattr(make, "group_rows", lambda asked, *_: [(i,) for i in range(len(asked))])
    with pytest.raises(CheckFailed, match=r"TEST_0\d\d asks what TRAIN_\d+ in train asks"):
        make_set(source, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["train.csv"]


def test_a_shared_answer_is_found_in_the_files_and_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = many_rows(tmp_path / "train.csv", 40, {i: {"답변_3": "같은 답."} for i in range(40)})
    monkeypatch.setattr(make, "group_rows", lambda asked, *_: [(i,) for i in range(len(asked))])
    with pytest.raises(CheckFailed, match="train has the same answer"):
        make_set(source, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["train.csv"]


# --- how many of what


@pytest.mark.parametrize("share", [0.1, 0.2, 0.33, 0.5])
def test_each_category_gives_its_share_to_the_row(tmp_path: Path, share: float) -> None:
    made = make_set(WALLPAPER, tmp_path / "out", Options(share=share))
    rows = Counter(row.category for row in made.source.values())
    held_out = Counter(row.category for row in made.held_out)
    for category, count in rows.items():
        assert abs(held_out[category] - share * count) < 1, category
    assert abs(len(made.held_out) - share * len(made.source)) <= 0.5
    assert {one.category: one.held_out for one in made.report.categories} == held_out


def test_a_category_whose_rows_all_belong_together_stays_in_train(tmp_path: Path) -> None:
    planted = {i: {"category": "다", "답변_1": "늘 같은 답변입니다."} for i in (4, 9, 11)}
    made = make_set(many_rows(tmp_path / "train.csv", 60, planted), tmp_path / "out")
    assert "다" not in {row.category for row in made.held_out}
    assert any(
        "Categories that stay in train" in text and "'다'" in text for text in made.report.warnings
    )


def test_a_group_larger_than_the_share_stays_in_train_with_a_warning(tmp_path: Path) -> None:
    planted = {i: {"답변_1": "늘 같은 답변입니다."} for i in range(0, 60, 2)}
    source = many_rows(tmp_path / "train.csv", 60, planted)
    made = make_set(source, tmp_path / "out", Options(seed=3))
    assert sides(made, [f"TRAIN_{i:03}" for i in planted]) == {True}
    assert made.report.groups.largest == 30
    assert any("the largest: 30" in text for text in made.report.warnings)


def test_every_category_keeps_a_group_in_train() -> None:
    groups = [(0,), (1,), (2,), (3,)]
    drawn = draw(groups, ["가", "가", "나", "나"], Fraction(9, 10), seeded(0))
    assert Counter("가가나나"[i] for i in drawn.held_out) == {"가": 1, "나": 1}


def test_groups_are_never_divided() -> None:
    groups = [tuple(range(start, start + 3)) for start in range(0, 60, 3)]
    for seed in range(20):
        drawn = draw(groups, ["가", "나"] * 30, Fraction(1, 4), seeded(seed))
        held_out = set(drawn.held_out)
        assert all(len(held_out & set(group)) in {0, 3} for group in groups)
        assert abs(len(held_out) - 15) <= 1


# --- cells with two questions


@pytest.mark.parametrize("joined", [0.0, 0.3, 0.5, 1.0])
def test_the_joined_share_of_cells_is_met_and_they_split_into_two(
    tmp_path: Path, joined: float
) -> None:
    made = make_set(WALLPAPER, tmp_path / "out", Options(joined=joined, share=0.3))
    double = [question for question in made.test if len(made.made_of[question.id]) == 2]
    assert abs(len(double) - joined * len(made.test)) <= 1
    for question in made.test:
        parts = split(question.text)
        assert len(parts) == len(made.made_of[question.id])
        for part, row_id in zip(parts, made.made_of[question.id], strict=True):
            forms = {normal_form(text) for text in made.source[row_id].questions}
            assert normal_form(part.text) in forms
        assert {part.lead for part in parts} <= {"", *CONNECTORS}


def test_half_of_the_cells_are_joined_where_train_has_several_phrasings(tmp_path: Path) -> None:
    counts = make_set(WALLPAPER, tmp_path / "out").report.counts
    assert (counts.held_out, counts.test, counts.joined) == (30, 20, 10)


def test_both_connectors_are_used_and_categories_mixed(tmp_path: Path) -> None:
    made = make_set(WALLPAPER, tmp_path / "out", Options(joined=1.0, share=0.5))
    leads = Counter(split(question.text)[1].lead for question in made.test)
    assert set(leads) == set(CONNECTORS)
    mixed = [known for known in made.references if "+" in known.category]
    assert len(mixed) >= 0.9 * len(made.references)


def test_references_of_joined_cells_join_the_ith_answers(tmp_path: Path) -> None:
    made = make_set(WALLPAPER, tmp_path / "out")
    for known in made.references:
        rows = [made.source[row_id] for row_id in made.made_of[known.id]]
        count = min(len(row.answers) for row in rows)
        expected = tuple(" ".join(row.answers[i] for row in rows) for i in range(count))
        assert known.answers == expected
        categories = list(dict.fromkeys(row.category for row in rows))
        assert known.category == "+".join(categories)
    assert [known.id for known in made.references] == [question.id for question in made.test]


def test_two_rows_of_one_category_keep_its_name(tmp_path: Path) -> None:
    planted = {i: {"category": "가"} for i in range(40)}
    source = many_rows(tmp_path / "train.csv", 40, planted)
    made = make_set(source, tmp_path / "out", Options(joined=1.0))
    assert {known.category for known in made.references} == {"가"}


@pytest.mark.parametrize(
    ("question", "ended"),
    [
        ("면진장치가 뭐야", "면진장치가 뭐야?"),
        ("내진구조에 대해서 알려줘 ", "내진구조에 대해서 알려줘."),
        ("원인을 설명해 주세요", "원인을 설명해 주세요."),
        ("무엇인가요?", "무엇인가요?"),
        ("“왜 그런가요?”", "“왜 그런가요?”"),
    ],
)
def test_a_question_is_ended_as_a_sentence(question: str, ended: str) -> None:
    assert finished(question) == ended
    for connector in CONNECTORS:
        assert [part.text for part in split(f"{ended}{connector}왜?")] == [ended, "왜?"]


def test_a_phrasing_that_already_holds_two_questions_is_not_joined(tmp_path: Path) -> None:
    rng = seeded(2)
    planted = {
        i: {name: f"{word(rng)}가요? 또한, {word(rng)}까요?" for name in QUESTION_COLUMNS}
        for i in range(30)
    }
    source = many_rows(tmp_path / "train.csv", 30, planted)
    made = make_set(source, tmp_path / "out")
    assert made.report.counts.joined == 0
    assert any("0 of 6 test cells hold two questions" in text for text in made.report.warnings)


# --- the files


def test_the_files_have_the_organizers_columns_and_marks(tmp_path: Path) -> None:
    profile = profile_of("sample-wallpaper")
    made = make_set(WALLPAPER, tmp_path / "out")
    files = contents(made.folder)
    assert set(files) == FILES
    heads = {name: data.splitlines()[0].decode("utf-8-sig") for name, data in files.items()}
    assert heads["train.csv"] == ",".join(HEADER)
    assert heads["test.csv"] == "id,질문"
    assert heads["references.csv"] == ",".join(["id", "category", *ANSWER_COLUMNS])
    assert heads["sample_submission.csv"] == ",".join(profile.submission.header)
    marked = {name for name, data in files.items() if data.startswith(codecs.BOM_UTF8)}
    assert marked == {"train.csv", "test.csv", "references.csv"}
    assert [question.id for question in made.test] == [f"TEST_{i:03}" for i in range(20)]
    zeros = files["sample_submission.csv"].splitlines()[1]
    assert zeros == b",".join([b"TEST_000", *[b"0"] * 512])


@pytest.mark.parametrize("folds", [1, 3])
def test_rows_without_ids_get_those_of_the_references(folds: int, tmp_path: Path) -> None:
    rng = seeded(3)
    rows = [[f"[1] {word(rng)} {word(rng)}.", f"{word(rng)}?", word(rng)] for _ in range(30)]
    train = write_rows(tmp_path / "train.csv", ["Context", "Question", "Answer"], rows)
    profile, out = profile_of("kiise-vaiv-2024"), tmp_path / "out"
    if folds == 1:
        hold_out(profile, train, out, Options())
        tests = [out / "test.csv"]
    else:
        hold_out_folds(profile, train, out, Options(folds=folds), folds)
        tests = [out / f"fold-{fold}" / "test.csv" for fold in range(1, folds + 1)]
    asked = [each.id for path in tests for each in read_questions(profile, path)]
    assert asked == [each.id for each in read_references(profile, out / "references.csv")]


def test_what_remains_of_train_is_as_it_was(tmp_path: Path) -> None:
    made = make_set(WALLPAPER, tmp_path / "out")
    kept = (made.folder / "train.csv").read_bytes().splitlines(keepends=True)
    original = WALLPAPER.read_bytes().splitlines(keepends=True)
    assert [line for line in original if line in set(kept)] == kept


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_without_a_mark_in_the_input_there_is_none_in_the_output(
    tmp_path: Path, encoding: str
) -> None:
    text = WALLPAPER.read_text("utf-8-sig").replace("㎡", "m2").replace("\u2013", "-")
    source = tmp_path / "train.csv"
    source.write_bytes(text.replace("\n", "\r\n").encode(encoding, errors="replace"))
    files = contents(make_set(source, tmp_path / "out").folder)
    for name in ("train.csv", "test.csv", "references.csv"):
        assert not files[name].startswith(codecs.BOM_UTF8)
        assert files[name].splitlines(keepends=True)[0].endswith(b"\r\n")


def test_the_story_says_how_the_files_were_made(tmp_path: Path) -> None:
    options = Options(seed=5, share=0.25, joined=0.4, similarity=0.7)
    made = make_set(WALLPAPER, tmp_path / "out", options)
    story = json.loads((made.folder / "holdout.json").read_text("utf-8"))
    assert story["options"] == {
        "share": 0.25, "joined": 0.4, "similarity": 0.7, "seed": 5,
        "group_by": None, "by_time": None, "folds": None,
    }  # fmt: skip
    digest = hashlib.sha256(WALLPAPER.read_bytes()).hexdigest()
    assert story["source"] == {"file": "train.csv", "sha256": digest}
    counts = story["counts"]
    assert counts["train"] + counts["held_out"] == counts["rows"] == 152
    assert str(tmp_path) not in json.dumps(story)


def form_rows(path: Path, count: int) -> Path:
    columns = profile_of(FORM).train
    assert columns is not None
    rng = seeded(4)
    rows = []
    for number in range(count):
        values = {name: word(rng) for name in columns.columns}
        values |= {"ID": f"TRAIN_{number:05}", "인적사고": "떨어짐" if number % 3 else "끼임"}
        rows.append(list(values.values()))
    return write_rows(path, columns.columns, rows)


def test_a_form_row_becomes_a_test_row_with_all_its_fields(tmp_path: Path) -> None:
    profile = profile_of(FORM)
    made = make_set(form_rows(tmp_path / "train.csv", 60), tmp_path / "out", competition=FORM)
    header = (made.folder / "test.csv").read_text("utf-8-sig").splitlines()[0]
    assert header == ",".join(profile.test.columns)
    assert len(made.test) == 12
    for question in made.test:
        (row_id,) = made.made_of[question.id]
        expected = {**made.source[row_id].row, "ID": question.id}
        assert question.row == {name: expected[name] for name in profile.test.columns}
    sample = (made.folder / "sample_submission.csv").read_bytes()
    assert sample.startswith(codecs.BOM_UTF8)
    assert sample.splitlines()[1] == b",".join([b"TEST_000", b"", *[b"0"] * 768])


# --- the same again


@pytest.mark.parametrize("competition", ["sample-wallpaper", "dacon-236291"])
def test_the_same_seed_gives_the_same_bytes_in_another_process(
    tmp_path: Path, competition: str
) -> None:
    source = WALLPAPER if competition == "sample-wallpaper" else NEWS
    found = []
    for number in ("1", "2"):
        out = tmp_path / number
        command = [sys.executable, "-m", "submission.cli", "holdout", "-c", competition]
        command += ["--train", str(source), "--out", str(out)]
        environment = {**os.environ, "PYTHONHASHSEED": number}
        subprocess.run(command, check=True, env=environment, capture_output=True)
        found.append(contents(out))
    assert found[0] == found[1]


def test_another_seed_holds_out_other_rows(tmp_path: Path) -> None:
    one = make_set(WALLPAPER, tmp_path / "one", Options(seed=1))
    two = make_set(WALLPAPER, tmp_path / "two", Options(seed=2))
    assert {row.id for row in one.held_out} != {row.id for row in two.held_out}


# --- similarity


def test_near_duplicates_are_all_found() -> None:
    rng = seeded(11)
    rows = read_training(profile_of("sample-wallpaper"), WALLPAPER)[::3]
    texts = [text for row in rows for text in row.questions]
    texts += ["".join(rng.choices("가나다라 ", k=rng.randint(1, 12))) for _ in range(80)]
    texts += [text[: rng.randint(3, len(text))] + "요" for text in texts[:80]]
    measure = Measure.of(texts)
    alike = {
        (left, right): plain_similarity(measure, texts[left], texts[right])
        for right in range(len(texts))
        for left in range(right)
    }
    for threshold in (0.951, 0.801, 0.503, 0.307):
        found = {
            (int(left), int(right)): value
            for pairs in measure.near_duplicates(texts, threshold)
            for left, right, value in zip(*pairs, strict=True)
        }
        expected = {pair: value for pair, value in alike.items() if value >= threshold}
        assert found == pytest.approx(expected)


def test_the_closest_pair_is_found_however_far() -> None:
    texts = ["가나다라", "마바사아자차카타파하거너더러머버서어저처", "라마"]
    measure = Measure.of([*texts, "하거"])
    closest = measure.closest(texts, ["하거", "뷁"], 0.8)
    assert closest is not None
    assert (closest.left, closest.right) == (1, 0)
    assert 0 < closest.similarity < 0.3
    assert measure.closest(["가나다라"], ["하거"], 0.8) is None


def test_common_wording_says_less_than_what_is_asked_about() -> None:
    things = ["실크벽지", "강마루", "포세린타일", "석고보드", "유성페인트", "방부목", "큐블럭"]
    texts = [f"{thing}의 장점은 무엇인가요?" for thing in things]
    paraphrase = "포세린 타일의 장점이 무엇인가요?"
    measure = Measure.of([*texts, paraphrase])
    closest = measure.closest([paraphrase], texts, 0.8)
    assert closest is not None
    assert closest.right == 2
    others = measure.closest(texts[:1], texts[1:], 0.8)
    assert others is not None
    assert others.similarity < 0.6 < closest.similarity


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("실크 벽지?", "실크벽지"),
        ("ＰＶＣ 바닥재", "pvc바닥재!"),
        ("가\u0301나", "가\u0301 나"),
        ("\u1100\u1161", "가"),
    ],
)
def test_spelling_does_not_tell_texts_apart(one: str, other: str) -> None:
    assert normal_form(one) == normal_form(other)


def test_text_of_symbols_alone_has_a_form_of_its_own() -> None:
    assert normal_form("?!") != normal_form("…")


# --- refusals


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--share", "0"], "--share 0.0: must be between 0 and 1"),
        (["--share", "1"], "--share 1.0: must be between 0 and 1"),
        (["--share", "nan"], "--share nan: must be between 0 and 1"),
        (["--joined", "1.01"], "--joined 1.01: must be between 0 and 1"),
        (["--joined", "-0.5"], "--joined -0.5: must be between 0 and 1"),
        (["--similarity", "0"], "--similarity 0.0: must be between 0 and 1"),
        (["--similarity", "1"], "--similarity 1.0: must be between 0 and 1"),
        (["--seed", "-1"], "--seed -1: must not be negative"),
        (["--folds", "1"], "--folds 1: must be 2 or more"),
        (["--folds", "5", "--share", "0.2"], "--share cannot be combined with --folds"),
        (["--folds", "5", "--by-time", "id"], "--by-time cannot be combined with --folds"),
        (["--share", "2", "--seed", "-1", "--folds", "1"], "holdout: 4 problems:"),
        (
            ["--match", str(WALLPAPER), "--joined", "0.5", "--folds", "5", "--by-time", "id"],
            "--by-time cannot be combined with --folds",
        ),
        (
            ["--match", str(WALLPAPER), "--joined", "0.5", "--folds", "5"],
            "--joined, --folds cannot be combined with --match",
        ),
        (["--by-time", "날짜"], "the column '날짜' is missing"),
        (["--by-time", "질문_1"], "row 2, column '질문_1': "),
        (["--group-by", "없음"], "the column '없음' is missing"),
        (["--folds", "200"], "--folds 200: the 152 rows are only"),
        (["--share", "half"], "not a valid float"),
        (["--share", "0.001"], "Too few rows: --share 0.001 of 152 rows"),
        (["-c", "no-such"], "No competition 'no-such'"),
        (["--train", "missing.csv"], "missing.csv: there is no such file"),
    ],
)
def test_unusable_options_end_with_2_and_say_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    command = ["holdout", "-c", "sample-wallpaper", "--train", str(WALLPAPER)]
    assert run([*command, "--out", str(tmp_path / "out"), *arguments]) == 2
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("competition", ["dacon-236291", FORM])
def test_rows_with_a_context_or_a_form_are_not_joined(tmp_path: Path, competition: str) -> None:
    source = NEWS if competition != FORM else form_rows(tmp_path / "train.csv", 20)
    with pytest.raises(InputError, match=r"--joined 0\.5: .*cannot share a cell"):
        hold_out(profile_of(competition), source, tmp_path / "out", Options(joined=0.5))
    assert hold_out(profile_of(competition), source, tmp_path / "out", Options(joined=0.0))


def test_rows_that_all_belong_together_cannot_be_divided(tmp_path: Path) -> None:
    planted = {i: {"답변_1": "늘 같은 답변입니다."} for i in range(20)}
    with pytest.raises(InputError, match="All 20 rows belong together"):
        make_set(many_rows(tmp_path / "train.csv", 20, planted), tmp_path / "out")


def test_a_single_row_is_too_few(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Too few rows: 1"):
        make_set(many_rows(tmp_path / "train.csv", 1), tmp_path / "out")


def test_groups_that_all_exceed_the_share_leave_nothing_to_hold_out(tmp_path: Path) -> None:
    planted = {i: {"답변_1": f"{'갑을'[i % 2]}의 답변입니다.", "category": "가"} for i in range(20)}
    with pytest.raises(InputError, match=r"Nothing can be held out: --share 0\.2 is 4 rows"):
        make_set(many_rows(tmp_path / "train.csv", 20, planted), tmp_path / "out")


def test_a_competition_without_training_data_is_refused(tmp_path: Path) -> None:
    profile = profile_of("sample-wallpaper").model_copy(update={"train": None})
    with pytest.raises(InputError, match=r"declares no .train. columns"):
        hold_out(profile, WALLPAPER, tmp_path / "out", Options())


def test_test_columns_that_train_lacks_are_named(tmp_path: Path) -> None:
    columns = profile_of("dacon-236291").train
    assert columns is not None
    profile = profile_of("dacon-236291")
    test = profile.test.model_copy(update={"columns": [*profile.test.columns, "날짜"]})
    with pytest.raises(InputError, match="'날짜' is missing"):
        hold_out(profile.model_copy(update={"test": test}), NEWS, tmp_path / "out", Options())


def test_a_folder_with_something_in_it_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    command = ["holdout", "-c", "sample-wallpaper", "--train", str(WALLPAPER)]
    assert run([*command, "--out", str(tmp_path)]) == 2
    assert "the folder is not empty" in capsys.readouterr().err
    assert contents(tmp_path) == {"mine.txt": b"mine"}


# --- the command


def test_the_summary_says_what_was_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    command = ["holdout", "-c", "sample-wallpaper", "--train", str(WALLPAPER), "--out", str(out)]
    assert run(command) == 0
    printed = capsys.readouterr()
    assert "Held out 30 of 152 rows as 20 test cells, 10 of them with two" in printed.out
    assert "Groups: 152; 0 join two rows or more, the largest 1." in printed.out
    assert "벽지·도배 4/22" in printed.out
    assert "(limit 0.8)" in printed.out
    assert printed.err == ""


def test_json_is_one_document_and_warnings_go_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planted = {i: {"답변_1": "늘 같은 답변입니다."} for i in range(0, 60, 2)}
    source = many_rows(tmp_path / "train.csv", 60, planted)
    command = ["holdout", "-c", "sample-wallpaper", "--train", str(source), "--json"]
    assert run([*command, "--out", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    assert document["groups"] == {"total": 31, "joined": 1, "largest": 30}
    assert all(f"Warning: {text}" in printed.err for text in document["warnings"])


def test_a_killed_command_leaves_a_whole_folder_or_none(tmp_path: Path) -> None:
    rng = seeded(time.time_ns())
    command = [sys.executable, "-m", "submission.cli", "holdout", "-c", "sample-wallpaper"]
    command += ["--train", str(WALLPAPER), "--out"]
    begun = time.monotonic()
    subprocess.run([*command, str(tmp_path / "whole")], check=True, capture_output=True)
    usual = time.monotonic() - begun
    whole = contents(tmp_path / "whole")
    for number in range(5):
        out = tmp_path / f"killed-{number}"
        process = subprocess.Popen([*command, str(out)], stdout=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.3, 1.05) * usual)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        assert not out.exists() or contents(out) == whole
    subprocess.run([*command, str(tmp_path / "again")], check=True, capture_output=True)
    assert not list(tmp_path.glob(".*"))
    assert contents(tmp_path / "again") == whole


@pytest.mark.skipif(REAL_DATA is None, reason="LEADERKIT_REAL_DATA names no folder of real data")
def test_the_season_2_training_file(tmp_path: Path) -> None:
    source = Path(REAL_DATA or "") / "dacon-236216" / "train.csv"
    made = make_set(source, tmp_path / "out", competition="dacon-236216")
    counts = made.report.counts
    assert (counts.rows, counts.held_out, counts.test, counts.joined) == (644, 129, 86, 43)
    for one in made.report.categories:
        assert abs(one.held_out - 0.2 * one.rows) < 1
    assert made.report.closest is not None
    assert made.report.closest.similarity < 0.8

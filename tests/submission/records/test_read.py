"""Rows of every kind, as a competition declares them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from submission.competitions import find_competition
from submission.competitions.profile import Profile
from submission.errors import InputError
from submission.records.predictions import read_predictions
from submission.records.read import read_questions, read_references, read_training
from submission.records.vectors import read_number, read_vectors
from submission.tables import read_table, write_csv

SAMPLES = Path(__file__).parents[3] / "data_sample"
WALLPAPER = find_competition("sample-wallpaper").profile
NEWS = find_competition("dacon-236291").profile
SAFETY = find_competition("dacon-236455").profile


def file(folder: Path, text: str, name: str = "table.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_sample_questions_are_read_in_order() -> None:
    questions = read_questions(WALLPAPER, SAMPLES / "wallpaper/test.csv")
    frame = pd.read_csv(SAMPLES / "wallpaper/test.csv", encoding="utf-8-sig")
    assert [question.id for question in questions] == frame["id"].tolist()
    assert [question.text for question in questions] == frame["질문"].tolist()
    assert {question.context for question in questions} == {""}


def test_a_question_comes_with_its_context() -> None:
    questions = read_questions(NEWS, SAMPLES / "news/test.csv")
    frame = pd.read_csv(SAMPLES / "news/test.csv")
    assert [question.context for question in questions] == frame["context"].tolist()
    assert questions[0].row["context"] == questions[0].context


def test_a_form_of_several_columns_becomes_one_question(tmp_path: Path) -> None:
    cells = dict.fromkeys(SAFETY.test.columns, "")
    cells |= {"ID": "TEST_000", "공종": "철근콘크리트공사", "사고원인": "미끄러짐", "날씨": "맑음"}
    path = tmp_path / "test.csv"
    write_csv(path, list(cells), [list(cells.values())], bom=True)
    (question,) = read_questions(SAFETY, path)
    assert question.text == (
        "공종: 철근콘크리트공사\n사고원인: 미끄러짐\n재발방지대책 및 향후조치계획은 무엇인가요?"
    )


def test_a_template_may_write_its_row_as_json(tmp_path: Path) -> None:
    given = WALLPAPER.model_dump(exclude_unset=True)
    given["test"] = {"id": "id", "columns": ["id", "n"], "template": "{{ row | tojson }}"}
    given["train"] = {**given["train"], "questions": [], "template": "{{ row | tojson }}"}
    profile = Profile.model_validate(given)
    (question,) = read_questions(profile, file(tmp_path, "id,n\nR0,3\n"))
    assert question.text == '{"id": "R0", "n": "3"}'


def test_cells_that_look_like_something_else_stay_text(tmp_path: Path) -> None:
    path = file(tmp_path, "id,질문\n0001,NA\n1e3,null\n1.0,3.10\n")
    questions = read_questions(WALLPAPER, path)
    assert [(each.id, each.text) for each in questions] == [
        ("0001", "NA"), ("1e3", "null"), ("1.0", "3.10"),
    ]  # fmt: skip


CONVERSATION = [
    {"speaker": 1, "utterance": "여행 갈래?", "utterance_id": "D.1"},
    {"speaker": 2, "utterance": "제주도 어때?", "utterance_id": "D.2"},
]


@pytest.mark.parametrize("answered", [False, True])
def test_conversations_are_laid_out_as_dialogues(tmp_path: Path, answered: bool) -> None:
    inputs = {
        "nikl-2024-summary": {"conversation": CONVERSATION, "subject_keyword": ["여행", "섬"]},
        "nikl-2024-inference": {
            "conversation": CONVERSATION,
            "reference_id": ["D.2"],
            "category": "원인",
            **{f"inference_{n}": f"추론 {n}" for n in (1, 2, 3)},
        },
    }
    texts = {}
    for name, given in inputs.items():
        item = {"id": "a", "input": given} | ({"output": "답"} if answered else {})
        path = file(tmp_path, json.dumps([item]), f"{name}.json")
        profile = find_competition(name).profile
        if answered:
            (texts[name],) = read_training(profile, path)[0].questions
        else:
            texts[name] = read_questions(profile, path)[0].text
    assert texts["nikl-2024-summary"] == (
        "1: 여행 갈래?\n2: 제주도 어때?\n주제: 여행, 섬\n위 대화를 요약해 주세요."
    )
    assert texts["nikl-2024-inference"] == (
        "1: 여행 갈래?\n2: 제주도 어때?\n추론 대상: 제주도 어때?\n추론 유형: 원인\n"
        "inference_1: 추론 1\ninference_2: 추론 2\ninference_3: 추론 3\n맞는 추론을 고르세요."
    )


def test_a_template_that_fails_names_the_row(tmp_path: Path) -> None:
    items = [
        {"id": str(n), "input": {"conversation": turns, "subject_keyword": []}}
        for n, turns in enumerate([CONVERSATION, [{"text": "?"}]])
    ]
    path = file(tmp_path, json.dumps(items), "test.json")
    with pytest.raises(InputError, match=r"test\.json, item 2: .*'speaker'; it has text\."):
        read_questions(find_competition("nikl-2024-summary").profile, path)


def test_nested_json_is_reached_by_dotted_names(tmp_path: Path) -> None:
    profile = Profile.model_validate(
        WALLPAPER.model_dump()
        | {"test": {"id": "id", "question": "input.q", "columns": ["id", "input.q"]}}
    )
    path = file(tmp_path, json.dumps([{"id": "a", "input": {"q": "벽지?"}}]), "test.json")
    assert read_questions(profile, path)[0].text == "벽지?"


def test_empty_answers_and_phrasings_are_left_out(tmp_path: Path) -> None:
    header = "id,질문_1,질문_2,category,답변_1,답변_2,답변_3,답변_4,답변_5"
    path = file(tmp_path, f"{header}\nA,하나?,,타일,답,,답, ,다른 답\n")
    (row,) = read_training(WALLPAPER, path)
    assert row.questions == ("하나?",)
    assert row.answers == ("답", "답", "다른 답")
    assert row.category == "타일"


def test_alternatives_in_a_training_cell_are_answers_of_their_own(tmp_path: Path) -> None:
    text = "id,category,question_type,Question,Answer\nA,문화,단답형,무엇?,숭례문# 남대문#숭례문#\n"

    (row,) = read_training(find_competition("sample-choice").profile, file(tmp_path, text))

    assert row.answers == ("숭례문", "남대문")


def test_a_training_cell_of_nothing_but_separators_has_no_answer(tmp_path: Path) -> None:
    text = "id,category,question_type,Question,Answer\nA,문화,단답형,무엇?,##\n"

    with pytest.raises(InputError, match=r"row 2, column 'Answer': the row has no answer"):
        read_training(find_competition("sample-choice").profile, file(tmp_path, text))


def test_a_list_of_training_answers_is_read_as_answers(tmp_path: Path) -> None:
    rows = [
        {"id": "A", "context": "글", "question": "무엇?", "answers": {"text": ["가", "나", "가"]}}
    ]
    path = file(tmp_path, json.dumps(rows, ensure_ascii=False), "train.json")

    (row,) = read_training(find_competition("korquad1").profile, path)

    assert row.answers == ("가", "나")


def test_training_without_a_category_column_is_refused(tmp_path: Path) -> None:
    path = file(tmp_path, "id,질문_1,질문_2,답변_1\nA,하나?,둘?,답\n")
    with pytest.raises(InputError, match="category"):
        read_training(WALLPAPER, path)


def test_references_are_the_answer_columns_of_train_or_answer(tmp_path: Path) -> None:
    several = file(
        tmp_path, "id,category,답변_1,답변_2\nA,타일,하나,둘\nB,벽지,셋,\n", "several.csv"
    )
    plain = file(tmp_path, "id,answer\nA,하나\n", "plain.csv")
    read = read_references(WALLPAPER, several)
    assert [(each.answers, each.category) for each in read] == [
        (("하나", "둘"), "타일"), (("셋",), "벽지"),
    ]  # fmt: skip
    assert read_references(WALLPAPER, plain)[0].answers == ("하나",)


def test_the_answer_column_is_answer_then_the_competitions_own(tmp_path: Path) -> None:
    own = SAFETY.submission.answer
    path = file(tmp_path, f"ID,answer,{own},text\nA,하나,둘,셋\n", "both.csv")
    only = file(tmp_path, f"ID,{own}\nA,둘\n", "own.csv")
    assert read_predictions(SAFETY, path)[0].answer == "하나"
    assert read_predictions(SAFETY, path, "text")[0].answer == "셋"
    assert read_predictions(SAFETY, only)[0].answer == "둘"


def test_a_vector_submission_is_read_as_vectors(tmp_path: Path) -> None:
    expected = np.random.default_rng(0).normal(size=(2, 512)).astype(np.float32)
    path = tmp_path / "vectors.csv"
    columns = ["id", *(f"vec_{number}" for number in range(512))]
    pd.DataFrame(expected, index=["A", "B"]).to_csv(path, header=columns[1:], index_label="id")
    predictions = read_predictions(WALLPAPER, path)
    assert [each.id for each in predictions] == ["A", "B"]
    assert [each.answer for each in predictions] == ["", ""]
    for prediction, vector in zip(predictions, expected, strict=True):
        np.testing.assert_array_equal(prediction.vector, vector)


def test_a_broken_vector_cell_is_named(tmp_path: Path) -> None:
    columns = [f"vec_{number}" for number in range(512)]
    cells = ["0"] * 512
    cells[7] = "-inf"
    path = file(tmp_path, f"id,{','.join(columns)}\nA,{','.join(cells)}\n")
    vectors = WALLPAPER.submission.vectors
    assert vectors is not None
    with pytest.raises(InputError, match=r"row 2, column 'vec_7': '-inf' is not a finite number"):
        read_vectors(read_table(path), vectors)


@pytest.mark.parametrize(
    "text",
    ["1", "-1.5", "+2", ".5", "5.", "1e-7", "1E+10", " 3 ", "0.1000000000000000055",
     "", "x", "1_0", "１", "٣", "1,5", "0x10", "1e", "--1"],
)  # fmt: skip
def test_a_number_is_what_pandas_reads_as_one(text: str) -> None:
    column = pd.read_csv(io.StringIO(f'"{text}"\n0\n'), header=None, keep_default_na=False)[0]
    if pd.api.types.is_numeric_dtype(column):
        assert read_number(text) == pytest.approx(column[0], rel=1e-15)
    else:
        with pytest.raises(ValueError):  # noqa: PT011 -- the message is never shown
            read_number(text)

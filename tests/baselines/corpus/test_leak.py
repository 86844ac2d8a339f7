"""Leaks: records that nearly equal a row of a test file, each with its row and similarity."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from baselines.corpus.execute import Applied, Outcome, execute
from baselines.corpus.folder import Corpus
from baselines.corpus.leak.step import LEAKS, LeakCheck, LeakSettings
from baselines.corpus.record import Record, Source, encoder
from baselines.stand_ins.articles import FOLDER
from submission.errors import InputError


def record(name: str, question: str = "", answer: str = "", document: str = "") -> Record:
    return Record(
        id=name,
        source=Source("made", "made.jsonl", name),
        task="qa",
        question=question,
        answers=(answer,) if answer else (),
        documents=(document,) if document else (),
    )


def leak(path: Path, records: list[Record], **settings: object) -> Outcome:
    source = path / "in.jsonl"
    source.write_bytes(encoder.encode_lines(records))
    step = LeakCheck(LeakSettings(**settings))  # type: ignore[arg-type]
    out = path / f"out-{len(list(path.iterdir()))}"
    return execute(Applied(step, Corpus.open(source)), out, say=lambda _: None)


def listed(outcome: Outcome) -> list[dict[str, object]]:
    return [json.loads(line) for line in (outcome.out / LEAKS).open(encoding="utf-8")]


def test_what_is_planted_in_the_sample_is_found_and_removed_on_request(tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (FOLDER / "articles.jsonl").open(encoding="utf-8")]
    truth = json.loads((FOLDER / "truth.json").read_text("utf-8"))
    records = [record(row["id"], row["question"], document=row["body"]) for row in rows]
    test = FOLDER / "test.csv"

    found = leak(tmp_path, records, test=(test,), column="질문", question=0.86)
    assert {each["id"] for each in listed(found)} == {each["id"] for each in truth["leaks"]}
    assert found.manifest.rows == len(records)
    assert found.manifest.counts == {"leaks": len(truth["leaks"])}

    removed = leak(tmp_path, records, test=(test,), column="질문", question=0.86, remove=True)
    assert removed.manifest.dropped == {"leak": len(truth["leaks"])}


def test_questions_documents_and_answers_are_held_against_their_own_kind(tmp_path: Path) -> None:
    body = "벽지가 들뜨면 풀을 다시 바르고 하루 동안 창문을 열어 두어 말린다. " * 3
    other = tmp_path / "test.jsonl"
    other.write_bytes(
        encoder.encode_lines(
            [record("t1", "왜 벽지가 우나요?", "풀이 덜 말라서 그렇습니다.", body)]
        )
    )
    records = [
        record("same question", "왜  벽지가 우나요 ?"),
        record("same answer", "다른 질문입니다", "풀이 덜 말라서 그렇습니다."),
        record("same document", "또 다른 질문", document=body + "끝."),
        record("answer as question", "풀이 덜 말라서 그렇습니다."),
    ]
    found = listed(leak(tmp_path, records, test=(other,)))
    assert [(each["id"], each["field"], each["test_id"]) for each in found] == [
        ("same question", "question", "t1"),
        ("same answer", "answers[0]", "t1"),
        ("same document", "documents[0]", "t1"),
    ]
    assert found[0]["similarity"] == 1.0
    assert 0.8 <= float(str(found[2]["similarity"])) < 1


def test_each_question_of_a_cell_with_two_is_looked_for(tmp_path: Path) -> None:
    test = tmp_path / "test.csv"
    cell = "벽지에 곰팡이가 피는 이유는 무엇인가요? 그리고 결로를 막으려면 어떻게 해야 하나요?"
    test.write_text(f"id,질문\nT1,{cell}\n", "utf-8")
    records = [record("a", "결로를 막으려면 어떻게 해야 하나요?")]
    found = listed(leak(tmp_path, records, test=(test,), competition="sample-wallpaper"))
    assert [each["test_id"] for each in found] == ["T1"]


def test_a_table_whose_columns_nobody_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"test\.csv: say what its columns are"):
        leak(tmp_path, [record("a", "질문입니다")], test=(FOLDER / "test.csv",))


@pytest.mark.parametrize(
    ("task", "document", "answer", "field"),
    [
        ("translation", "역이 어디예요?", "Where is the station?", "documents[0]"),
        ("translation", "Where is the station?", "역이 어디예요?", "answers[0]"),
        ("summary", "역이 어디예요?", "", "documents[0]"),
        ("dialogue-summary", "역이 어디예요?", "", "documents[0]"),
    ],
)
def test_what_is_translated_or_summarized_is_the_question_of_a_test_file(
    task: str, document: str, answer: str, field: str, tmp_path: Path
) -> None:
    test = tmp_path / "test.csv"
    test.write_text("id,source\nT1,역이  어디예요?\n", "utf-8")
    made = replace(record("a", "", answer, document), task=task)
    found = leak(tmp_path, [made], test=(test,), competition="seed-003", remove=True)
    assert listed(found) == [{"id": "a", "field": field, "test_id": "T1", "similarity": 1.0}]
    assert found.manifest.dropped == {"leak": 1}


def test_an_interview_is_held_against_question_and_answer_in_one_text(tmp_path: Path) -> None:
    test = tmp_path / "test.csv"
    test.write_text(
        'id,category,document\nT1,,"질문: 왜 지원했나요?\n\n답변: 집이 좋아서요."\n', "utf-8"
    )
    made = replace(
        record("a", "왜 지원했나요?", document="집이 좋아서요."), task="interview-summary"
    )
    found = leak(tmp_path, [made], test=(test,), competition="sample-summary")
    assert [each["test_id"] for each in listed(found)] == ["T1"]

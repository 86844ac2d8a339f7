"""Open-book runs as the command line makes them: index, retrieve, train a scorer, answer, show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from submission.cli import run
from submission.tables import read_table

TEMPLATE = "참고:\\n{{ context }}\\n질문: {{ question }}\\n답:"
GENERATE = (
    *("generate", "embedded", "-c", "sample-wallpaper", "--engine", "transformers"),
    *("--set", f'prompt.template="{TEMPLATE}"', "--set", "prompt.chat=false"),
    *("--set", "retrieval.index=index", "--set", "sampling.max_tokens=8", "--limit", "3"),
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, wallpaper: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERKIT_LEDGER", "l.db")
    table = read_table(wallpaper / "train.csv")
    names = list(table.columns)
    answer = next(name for name in names if name.startswith("답변"))
    question = next(name for name in names if name.startswith("질문"))
    with Path("docs.jsonl").open("w", encoding="utf-8") as docs:
        for record in table.records:
            row = {"id": record.values["id"], "text": record.values[answer]}
            docs.write(json.dumps(row, ensure_ascii=False) + "\n")
    with Path("questions.jsonl").open("w", encoding="utf-8") as asked:
        for record in table.records:
            row_id = record.values["id"]
            row = {"id": row_id, "question": record.values[question], "gold": row_id}
            asked.write(json.dumps(row, ensure_ascii=False) + "\n")


def result(capsys: pytest.CaptureFixture[str], *command: str) -> Any:
    capsys.readouterr()
    assert run([*command, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_an_open_book_run_from_documents_to_what_the_model_saw(
    wallpaper: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = result(capsys, "index", "docs.jsonl", "--out", "index")
    assert made["documents"] == made["chunks"] == made["embedded"]

    measured = result(
        capsys, "retrieve", "index", "--questions", "questions.jsonl",
        *("--method", "sparse", "--method", "dense", "-k", "1", "-k", "5"),
    )  # fmt: skip
    cells = {(each["metric"], each["k"], each["way"]): each for each in measured["cells"]}
    assert cells["recall", 5, "sparse"]["mean"] >= cells["recall", 1, "sparse"]["mean"] > 0.3
    assert cells["recall", 5, "dense"]["p"] is not None

    command = (*GENERATE, "--test", str(wallpaper / "test.csv"), "--run", "open")
    first = result(capsys, *command, "--set", "retrieval.k=2")
    assert (first["computed"], first["left"]) == (3, 0) or first["computed"] > 0
    assert result(capsys, *command, "--set", "retrieval.k=2")["computed"] == 0
    row_id = read_table(wallpaper / "test.csv").column("id")[0]
    seen = result(capsys, "show", "open", "--row", row_id, "--prompt")
    assert seen["prompt"]["same"]
    passages = seen["evidence"]["passages"]
    assert len(passages) == 2
    assert all(each["text"] in seen["prompt"]["text"] for each in passages)
    assert set(passages[0]["ranks"]) >= {"fused"}
    assert run(["show", "open", "--row", row_id]) == 0
    assert "Evidence" in capsys.readouterr().out

    # With another index the prompts are others.
    Path("docs.jsonl").write_text('{"id": "x", "text": "아무 글."}\n', encoding="utf-8")
    result(capsys, "index", "docs.jsonl", "--out", "index")
    assert run([*command, "--set", "retrieval.k=2"]) == 2
    assert "was made with another recipe" in capsys.readouterr().err


def test_a_trained_scorer_judges_what_was_found(
    wallpaper: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result(capsys, "index", "docs.jsonl", "--out", "index")
    quality = result(
        capsys, "docquest", "train", "questions.jsonl", "--index", "index", "--out", "scorer"
    )
    assert quality["useful"]["auc"] > 0.7
    command = (*GENERATE, "--test", str(wallpaper / "test.csv"), "--run", "judged")
    judging = ("--set", "retrieval.docquest.scorer=scorer")
    result(capsys, *command, *judging, "--set", "retrieval.docquest.threshold=1.0")
    row_id = read_table(wallpaper / "test.csv").column("id")[0]
    evidence = result(capsys, "show", "judged", "--row", row_id)["evidence"]
    assert evidence["passages"] == []
    assert len(evidence["rounds"]) == 2
    assert [each["k"] for each in evidence["rounds"]] == [5, 10]

    swept = result(
        capsys, "docquest", "tune", *GENERATE[1:4], *GENERATE[6:-2],
        *("--set", "engine.name=transformers"), *judging,
        *("--test", str(wallpaper / "test.csv"), "--encoder", "offline"),
        *("--references", str(wallpaper / "references.csv"), "--plot", "swept.svg"),
        *("--threshold", "0", "--threshold", "1"),
    )  # fmt: skip
    none, every = swept[1], swept[0]
    assert (every["passages"], none["passages"]) == (5.0, 0.0)
    assert none["p"] is not None
    assert every["low"] <= every["score"] <= every["high"]
    assert Path("swept.svg").read_text("utf-8").lstrip().startswith("<?xml")


def test_passages_are_cut_to_the_context_and_the_question_is_not(
    wallpaper: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = "벽지는 습기가 많은 곳에서 들뜨기 쉬우므로 환기를 자주 해야 한다. "
    rows = [{"id": str(n), "text": f"{n}. " + sentence * 15} for n in range(8)]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    Path("docs.jsonl").write_text(text, encoding="utf-8")
    result(capsys, "index", "docs.jsonl", "--out", "index")
    command = (*GENERATE, "--test", str(wallpaper / "test.csv"), "--run", "cut")
    result(capsys, *command, "--set", "retrieval.max_tokens=120")
    table = read_table(wallpaper / "test.csv")
    seen = result(capsys, "show", "cut", "--row", table.column("id")[0], "--prompt")
    evidence = seen["evidence"]
    assert evidence["dropped"] + evidence["cut"] > 0
    assert evidence["passages"][0]["text"].endswith(".")
    assert table.column("질문")[0] in seen["prompt"]["text"]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["index", "--out", "index"], "Name the documents"),
        (["index", "nothing/", "--out", "index"], "no such file or folder"),
        (["index", "docs.jsonl", "--out", "index", "--text-column", "body"], "has no column body"),
        (["index", "docs.jsonl", "--out", "i", "--size", "50", "--overlap", "50"], "smaller than"),
        (["retrieve", "index", "무엇?"], "there is no index"),
        (["retrieve", "index"], "Give a question"),
        (["retrieve", "index", "무엇?", "-k", "1", "-k", "5"], "there is no index"),
        (["docquest", "train", "docs.jsonl", "--index", "i", "--out", "s"], "there is no index"),
        ([*GENERATE, "--test", "TEST", "--run", "r"], "there is no index"),
        (
            [*GENERATE, "--test", "TEST", "--run", "r", "--set", "retrieval.candidates=2"],
            "must be at least k",
        ),
    ],
)
def test_what_cannot_be_done_is_said(
    command: list[str], told: str, wallpaper: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(wallpaper / "test.csv") if word == "TEST" else word for word in command]
    assert run(given) == 2
    assert told in capsys.readouterr().err
    assert not Path("index").exists()


def test_empty_documents_are_errors_or_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    Path("docs.jsonl").write_text(
        '{"id": "a", "text": "글이 있다."}\n{"id": "b", "text": " "}\n', encoding="utf-8"
    )
    assert run(["index", "docs.jsonl", "--out", "index"]) == 2
    assert "document 'b' has no text" in capsys.readouterr().err
    assert run(["index", "docs.jsonl", "--out", "index", "--skip-unreadable"]) == 0
    told = capsys.readouterr()
    assert "1 documents" in told.out
    assert "skipped" in told.err


def test_documents_of_every_kind_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path("documents")
    folder.mkdir()
    (folder / "a.txt").write_text("벽지는 습기에 약하다.", encoding="utf-8")
    (folder / "b.md").write_text("# 도배\n풀을 고르게 바른다.", encoding="utf-8")
    (folder / "c.html").write_text(
        "<html><title>곰팡이</title><body><p>곰팡이는 환기로 막는다.</p></body></html>",
        encoding="utf-8",
    )
    (folder / "d.csv").write_text("id,본문\n1,타일은 차갑다.\n", encoding="utf-8")
    record = {
        "id": "set:1",
        "documents": ["첫째 글.", "둘째 글."],
        "meta": '{"title": "제목"}',
        "task": "qa",
    }
    (folder / "e.jsonl").write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
    made = result(capsys, "index", str(folder), "--out", "index")
    assert made["documents"] == 6
    found = result(capsys, "retrieve", "index", "둘째 글", "--method", "sparse", "-k", "1")
    assert found[0]["passages"][0]["document"] == "set:1#2"
    assert found[0]["passages"][0]["title"] == "제목"


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_corpus_is_indexed_without_what_its_step_left_out(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path("raw")
    folder.mkdir()
    for number in range(3):
        text = f"{number}번 방의 벽지는 습기에 약하므로 환기를 자주 해야 한다. " * 3
        (folder / f"{number}.txt").write_text(text, encoding="utf-8")
    (folder / "short.txt").write_text("짧다", encoding="utf-8")
    assert run(["corpus", "read", "raw", "--out", "read"]) == 0
    assert run(["corpus", "clean", "read", "--out", "clean", "--form", form]) == 0
    assert list(Path("clean").glob("dropped-*"))
    made = result(capsys, "index", "clean", "--out", "index")
    assert made["documents"] == 3

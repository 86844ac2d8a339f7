from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.preference.pairs import Origin, Pair, read_pairs, write_pairs
from submission.errors import InputError
from submission.tables import JsonText

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
WORDS = TEXT.map(str.strip).filter(bool)
ORIGIN = Origin("R0", 0, "samples", "person", 0, 1)


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    chosen = draw(WORDS)
    rejected = draw(TEXT.map(str.strip).filter(lambda text: text != chosen))
    row = {"id": draw(WORDS), "input.질문": draw(TEXT)}
    return Pair(draw(WORDS), draw(TEXT), row, chosen, rejected)


@given(st.lists(pairs(), min_size=1, max_size=5))
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, written: list[Pair]
) -> None:
    path = tmp_path_factory.mktemp("pairs") / "pairs.jsonl"
    write_pairs(path, [(pair, ORIGIN) for pair in written])
    assert read_pairs(path) == written


def test_what_templates_read_comes_back_as_it_was(tmp_path: Path) -> None:
    row = {"id": "R1", "input.turns": JsonText('[{"n": 0.10}]'), "cell": "[1]"}
    told = Pair("왜?", "", row, "습기", "열", (("A", "가"), ("B", "나")))
    plain = Pair("왜?", "", {**row, "input.turns": "말"}, "습기", "열")
    write_pairs(tmp_path / "pairs.jsonl", [(told, ORIGIN), (plain, ORIGIN)])
    read = read_pairs(tmp_path / "pairs.jsonl")
    assert read == [told, plain]
    assert [type(pair.row["input.turns"]) for pair in read] == [JsonText, str]
    assert type(read[0].row["cell"]) is str


def test_a_line_says_where_its_pair_comes_from(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    pair = Pair("왜?", "글", {"id": "R3"}, "습기", "열")
    write_pairs(path, [(pair, Origin("R3", 1, "samples", "chrf|v:1", 4, 0, 0.7, 0.2))])
    assert json.loads(path.read_text()) == {
        "id": "R3", "part": 1, "context": "글", "question": "왜?", "chosen": "습기",
        "rejected": "열", "row": {"id": "R3"}, "run": "samples", "by": "chrf|v:1",
        "chosen_sample": 4, "rejected_sample": 0, "chosen_score": 0.7, "rejected_score": 0.2,
    }  # fmt: skip


def test_pairs_of_other_tools_are_read(tmp_path: Path) -> None:
    table = tmp_path / "pairs.csv"
    table.write_text("context,question,chosen,rejected\n글,왜?,습기,열\n", "utf-8-sig")
    (pair,) = read_pairs(table)
    assert (pair.context, pair.question, pair.chosen, pair.rejected) == ("글", "왜?", "습기", "열")
    assert pair.row["context"] == "글"
    lines = tmp_path / "trl.jsonl"
    lines.write_text('{"prompt": "왜?", "chosen": "습기", "rejected": ""}\n')
    (pair,) = read_pairs(lines)
    assert (pair.context, pair.question, pair.rejected) == ("", "왜?", "")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"question": "왜?", "chosen": "습기"}', "rejected"),
        (
            '{"question": " ", "chosen": "습기", "rejected": "열"}',
            "row 1, column 'question': is em",
        ),
        ('{"question": "왜?", "chosen": "", "rejected": "열"}', "row 1, column 'chosen': is empty"),
        (
            '{"question": "왜?", "chosen": "열", "rejected": "열 "}',
            "is the same as the chosen answer",
        ),
    ],
)
def test_what_cannot_be_learned_is_refused(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(InputError, match=message):
        read_pairs(path)

"""Tables to records: competitions' training files, ETRI's questions, files that are mapped."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.corpus.archives.members import FileMember, members
from baselines.corpus.batch import Problem
from baselines.corpus.readers import cut, rows, sheet, tables
from baselines.corpus.readers.base import Layout
from baselines.corpus.readers.mapping import mapped, mapping_file
from baselines.corpus.readers.others import OTHERS
from baselines.corpus.readers.tables import Competition, ExobrainQuestions
from baselines.corpus.record import Record
from submission.competitions import find_competition
from submission.errors import InputError

HEADER = "id,질문_1,질문_2,category,답변_1,답변_2,답변_3,답변_4,답변_5"
ROW = 'T1,벽지가 왜 우나요?,"벽지, 왜 떠요?",마감,말립니다.,풀칠을 다시 합니다.,,,'


def put(place: Path, data: str | bytes) -> FileMember:
    place.write_bytes(data.encode() if isinstance(data, str) else data)
    [member] = members([place])
    return member


def test_layouts_can_be_counted() -> None:
    assert len({*OTHERS, mapped({"document": "a"})}) == len(OTHERS) + 1


def read(layout: Layout, member: FileMember, problems: list[Problem] | None = None) -> list[Record]:
    layout = pickle.loads(pickle.dumps(layout))  # noqa: S301
    told = None if problems is None else problems.append
    return [each for piece in layout.pieces(member) for each in layout.read(member, piece, told)]


def recognized(member: FileMember) -> tuple[Layout, str] | None:
    with member.open() as file:
        head = file.read(4096)
    found = ((each, each.recognizes(member, head)) for each in OTHERS)
    return next(((layout, why) for layout, why in found if why), None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_a_row_becomes_question_x_answer_pairs_with_one_parent(
    encoding: str, tmp_path: Path
) -> None:
    member = put(tmp_path / "train.csv", f"{HEADER}\n{ROW}\n".encode(encoding))
    found = recognized(member)
    assert found is not None
    layout, why = found
    assert layout.name == "dacon-236216"
    assert why == (
        "its columns are those of the training file of dacon-236216 (and of sample-wallpaper: "
        "--competition NAME chooses)"
    )
    records = read(layout, member)
    assert [(each.id, each.question, each.answers) for each in records] == [
        ("dacon-236216:T1:1-1", "벽지가 왜 우나요?", ("말립니다.",)),
        ("dacon-236216:T1:1-2", "벽지가 왜 우나요?", ("풀칠을 다시 합니다.",)),
        ("dacon-236216:T1:2-1", "벽지, 왜 떠요?", ("말립니다.",)),
        ("dacon-236216:T1:2-2", "벽지, 왜 떠요?", ("풀칠을 다시 합니다.",)),
    ]
    assert {(each.parent, each.category, each.task) for each in records} == {
        ("dacon-236216:T1", "마감", "qa")
    }
    assert records[1].source.place == "row 2, column '답변_2'"


def test_a_table_in_a_zip_is_read_in_place(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "open.zip", "w") as archive:
        archive.writestr("data/train.csv", f"{HEADER}\n{ROW}\n")
        archive.writestr("data/test.csv", "id,질문\nQ1,왜 떠요?\n")
    train = [each for each in members([tmp_path / "open.zip"]) if recognized(each)]
    assert [each.name for each in train] == ["open.zip!data/train.csv"]
    assert len(read(Competition.named("sample-wallpaper"), train[0])) == 4


BAD_TABLES: dict[str, tuple[str | bytes, str, int]] = {
    "missing column": (HEADER.replace("질문_2", "질문2") + f"\n{ROW}\n", "질문_2", 0),
    "no answer": (f"{HEADER}\n{ROW}\nT2,왜?,왜요?,마감,,,,,\n", "row 3.*no answer", 4),
    "ragged": (f"{HEADER}\nT2,왜?\n{ROW}\n", "row 2", 4),
    "open quote": (f'{HEADER}\n{ROW}\nT2,"왜?,a,b,c,d,e,f,g\n', "row 3", 4),
    "empty": ("", "is empty", 0),
    "header alone": (f"{HEADER}\n", "no rows", 0),
    "damaged": (f"{HEADER}\n{ROW}\n".encode() + "가".encode()[:2], "damaged character", 0),
    "repeated id": (f"{HEADER}\n{ROW}\n{ROW}\n", "'T1' was already given", 8),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_a_bad_table_names_its_place_and_good_rows_are_kept(case: str, tmp_path: Path) -> None:
    content, reason, kept = BAD_TABLES[case]
    member = put(tmp_path / "train.csv", content)
    layout = Competition.named("dacon-236216")
    with pytest.raises(InputError, match=reason) as caught:
        read(layout, member)
    assert str(caught.value).startswith("train.csv")
    problems: list[Problem] = []
    assert len(read(layout, member, problems)) == kept
    assert len(problems) == 1
    assert problems[0].file == "train.csv"
    assert problems[0].place or reason in problems[0].message


@pytest.mark.skipif("LEADERKIT_REAL_DATA" not in os.environ, reason="LEADERKIT_REAL_DATA is unset")
def test_the_real_training_file_gives_ten_pairs_a_row() -> None:
    path = Path(os.environ["LEADERKIT_REAL_DATA"], "dacon-236216", "train.csv")
    [member] = members([path])
    records = read(Competition.named("dacon-236216"), member)
    assert len({each.id for each in records}) == len(records) == 644 * 2 * 5
    assert len({each.parent for each in records}) == 644


def test_etri_questions_have_their_four_options_though_these_share_one_name(tmp_path: Path) -> None:
    header = "질문(Q_string),보기()E_string,보기()E_string,보기()E_string,보기()E_string,"
    header += "정답(A_ans),위키피디아 제목(AP_title),문제유형(Q_form)"
    lines = [
        header,
        "도배에 쓰는 풀은?,밀풀,먹,기름,물,밀풀,도배,객관식",
        "빈 정답은?,,,,,,도배,주관식",
    ]
    member = put(tmp_path / "객관식.csv", "\r\n".join(lines).encode("cp949"))
    found = recognized(member)
    assert found is not None
    assert isinstance(found[0], ExobrainQuestions)
    problems: list[Problem] = []
    [record] = read(found[0], member, problems)
    assert (record.task, record.options, record.answers, record.category) == (
        "choice",
        ("밀풀", "먹", "기름", "물"),
        ("밀풀",),
        "객관식",
    )
    assert record.facts() == {"title": "도배"}
    assert [(each.place, each.message) for each in problems] == [
        ("row 3, column '정답(A_ans)'", "is empty; fill it in, or remove the row")
    ]


ARTICLES = [
    {
        "no": 1,
        "body": [{"s": "첫째."}, {"s": "둘째."}],
        "sum": {"a": "요약"},
        "press": "가",
    },
    {"no": 2, "body": [{"s": "셋째."}], "sum": {"a": "짧다"}, "press": None},
]
NESTED = {"document": "body[].s", "summary": "sum.a", "id": "no", "meta.press": "press"}


@pytest.mark.parametrize("kind", ["json", "wrapped.json", "jsonl", "parquet"])
def test_nested_rows_are_mapped_by_paths(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(ARTICLES), path, row_group_size=1)
    elif kind == "jsonl":
        lines = [json.dumps(each, ensure_ascii=False) for each in ARTICLES]
        path.write_bytes("\n".join(lines).encode("utf-8-sig"))
    else:
        value = {"count": 2, "data": ARTICLES} if kind == "wrapped.json" else ARTICLES
        path.write_bytes(json.dumps(value, ensure_ascii=False).encode("cp949"))
    [member] = members([path])
    first, second = read(mapped(NESTED), member)
    assert (first.id, first.task) == ("mapped:1", "summary")
    assert (first.documents, first.summary) == (("첫째.\n둘째.",), "요약")
    assert (first.facts(), second.facts()) == ({"press": "가"}, {})
    places = {"json": "$[1]", "wrapped.json": "$.data[1]", "jsonl": "line 2", "parquet": "row 2"}
    assert second.source.place == places[kind]


def test_a_mapping_file_names_files_task_and_rows(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(
        'name = "묻고"\nfiles = ["*qa*.json"]\ntask = "qa"\nrows = "data[].paragraphs[]"\n'
        'licence = "CC BY"\n[fields]\ndocument = "context"\nquestion = "qas[0].q"\n'
        'answers = ["qas[0].a", "other?"]\n'
    )
    value = {
        "data": [{"paragraphs": [{"context": "본문", "qas": [{"q": "왜?", "a": ["말라서"]}]}]}]
    }
    member = put(tmp_path / "my-qa-1.json", json.dumps(value))
    layout = mapping_file(tmp_path / "map.toml")
    assert layout.recognizes(member, b"") == "its name fits '*qa*.json' of the mapping '묻고'"
    assert layout.recognizes(put(tmp_path / "else.json", "[]"), b"") is None
    [record] = read(layout, member)
    assert (record.question, record.answers, record.licence) == ("왜?", ("말라서",), "CC BY")


BAD_ROWS = {
    "missing key": (
        "a.jsonl",
        '{"b": "1"}\n{"body": "2"}\n',
        "line 1.*'body' is missing",
        1,
    ),
    "wrong type": ("a.jsonl", '{"body": {"x": 1}}\n{"body": "2"}\n', "leads to an object", 1),
    "no object": ("a.jsonl", '[1]\n{"body": "2"}\n', "line 1.*JSON object", 1),
    "cut line": ("a.jsonl", '{"body": "2"}\n{"body": "3', "line 2.*is no JSON", 1),
    "empty row": ("a.jsonl", '{"body": " "}\n{"body": "2"}\n', "no text in any field", 1),
    "cut array": ("a.json", '[{"body": "2"}, {"bo', "is no JSON", 0),
    "ragged": ("a.csv", "body,x\n1\n2,3\n", "row 2", 1),
    "missing column": ("a.csv", "bodi,x\n1,2\n2,3\n", "'body' is missing; there are bodi", 0),
    "cut parquet": ("a.parquet", "PAR1 xxxxxxxxxx", "cannot be read as Parquet", 0),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_bad_row_is_told_with_its_place_and_the_others_are_read(
    case: str, tmp_path: Path
) -> None:
    name, content, reason, count = BAD_ROWS[case]
    member = put(tmp_path / name, content)
    with pytest.raises(InputError, match=f"{name}.*{reason}"):
        read(mapped({"document": "body"}), member)
    problems: list[Problem] = []
    kept = read(mapped({"document": "body"}), member, problems)
    assert [each.documents for each in kept] == [("2",)] * count
    assert len(problems) == 1


def test_a_wrong_mapping_says_which_fields_there_are() -> None:
    with pytest.raises(InputError, match="no field 'documnet'; there are document"):
        mapped({"documnet": "body"})
    with pytest.raises(InputError, match="no field holds text"):
        mapped({"category": "c"})
    with pytest.raises(InputError, match="no task 'sumary'; there are summary"):
        mapped({"document": "d", "task": "sumary"})


CELLS = st.text(st.sampled_from('ab가"\n, '), max_size=6)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=12), st.integers(1, 40))
def test_pieces_of_a_csv_of_any_size_hold_the_rows_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]], size: int
) -> None:
    import csv

    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("x", "y"), *cells])
    [member] = members([path])
    found = [
        row
        for piece in cut.pieces_by_csv_row(member, size)
        for row in rows.read(member, piece, None, None)
    ]
    assert [(row.values["x"], row.values["y"]) for row in found] == cells
    assert [row.number for row in found] == list(range(2, len(cells) + 2))


@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_pieces_of_rows_make_up_the_file_and_are_as_long_as_their_bytes(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet, "ROWS", 3)
    monkeypatch.setattr(tables, "ROWS", 3)
    monkeypatch.setattr(rows, "ROWS", 3)
    values = [{"id": str(n), "Question": f"{n}?", "Answer": "예"} for n in range(10)]
    path = tmp_path / f"a.{kind}"
    if kind == "parquet":
        pq.write_table(pa.Table.from_pylist(values), path, row_group_size=4)
    elif kind == "json":
        path.write_text(json.dumps(values))
    else:
        lines = [",".join(each.values()) for each in values]
        path.write_text("\n".join(["id,Question,Answer", *lines]))
    [member] = members([path])
    layout: Layout = mapped({"question": "Question", "answer": "Answer"})
    if kind == "csv":
        profile = find_competition("kiise-vaiv-2024").profile
        layout = Competition(profile, profile.train.model_copy(update={"context": None}))
    pieces = layout.pieces(member)
    # Row groups of 4, 4 and 2 rows are cut into 3 and 1, 3 and 1, 2.
    assert len(pieces) == (5 if kind == "parquet" else 4)
    assert (pieces[0].start, pieces[-1].stop) == (0, member.size)
    assert [each.question for each in read(layout, member)] == [each["Question"] for each in values]


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    yield
    sheet._table_in.cache_clear()
    rows._raws.cache_clear()
    rows._row_group.cache_clear()


def test_the_sample_files_are_recognized_and_read() -> None:
    here = Path(__file__).parents[3] / "data_sample" / "corpus" / "files"
    found = {}
    for member in members([here]):
        known = recognized(member)
        if known is not None:
            found[member.name] = (known[0].name, len(read(known[0], member)))
    assert found == {
        "files/객관식.csv": ("etri-qa", 3),
        "files/pages/condensation.html": ("html", 1),
        "files/texts/floor.txt": ("text", 1),
    }
    [member] = members([here / "notices.json"])
    notices = read(mapping_file(here / "notices.toml"), member)
    assert [(each.id, each.task, each.licence) for each in notices] == [
        ("notices:31", "summary", "CC0-1.0"),
        ("notices:32", "summary", "CC0-1.0"),
    ]

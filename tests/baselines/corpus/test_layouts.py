"""Every declared layout: its fixture as records, and what is said of files that are not well made.

The expected records, ``raw-as-records.jsonl`` beside this file, were compared with the raw files
by eye, field by field.
"""

from __future__ import annotations

import copy
import json
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from baselines.corpus.archives.members import members
from baselines.corpus.batch import Problem
from baselines.corpus.readers.layouts.known import JsonLayout, json_layouts
from baselines.corpus.readers.recognize import layout_named, recognize
from baselines.corpus.record import Record, decoder
from submission.errors import InputError

RAW = Path(__file__).parents[3] / "data_sample" / "corpus" / "raw"
FILES = sorted(path for path in RAW.rglob("*.json*"))
EXPECTED = decoder.decode_lines(Path(__file__).with_name("raw-as-records.jsonl").read_bytes())
# Where the key is without which the first record of a file cannot be.
KEYS = {
    "aihub-025": "ko",
    "aihub-027": "원문",
    "aihub-157": "ko",
    "aihub-569": "paragraphs.0.qas.0.question",
    "aihub-582": "Meta(Refine).passage",
    "aihub-71382": "원문",
    "aihub-71533": "dataset.context_info.0.qas.0.answer",
    "aihub-71565": "paragraphs.0.context",
    "aihub-71592": "dataSet.answer.summary.text",
    "aihub-71610": "paragraphs.0.qas.0.answer",
    "aihub-71748": "question",
    "aihub-89": "paragraphs.0.qas.0.question",
    "aihub-90": "summary_entire.0.summary_text",
    "aihub-92": "paragraphs.0.qas.0.answers",
    "aihub-97": "abstractive",
    "aihub-99": "text",
    "bioasq": "body",
    "coqa": "story",
    "dialogue-summary": "body.dialogue",
    "etri-mrc": "paragraphs.0.qas.0.id",
    "kisti-paper-qa": "qas",
    "klue-mrc": "context",
    "korquad-1": "paragraphs",
    "korquad-2": "qas.0.answer.text",
    "ms-marco": "query",
    "news-mrc": "paragraphs.0.qas.0.answers.text",
    "sns-dialogue": "body",
    "squad": "paragraphs.0.qas.0.question",
    "wiki-squad": "paragraphs.0.qas.0.answers",
}


def by_file(records: Sequence[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[record.source.file].append(record)
    return found


WANTED = by_file(EXPECTED)


def of(path: Path) -> list[Record]:
    return WANTED[str(Path("raw") / path.relative_to(RAW))]


def fixture_of(name: str) -> Path:
    return next(path for path in FILES if of(path)[0].source.data_set == name)


def read(
    path: Path, problems: list[Problem] | None = None, layout: str | None = None
) -> list[Record]:
    found: list[Record] = []
    for each in recognize(members([path])):
        chosen = each.layout if layout is None else layout_named(layout)
        assert chosen is not None, each.why
        for piece in chosen.pieces(each.member):
            listen = None if problems is None else problems.append
            found.extend(chosen.read(each.member, piece, listen))
    return found


def texts(records: Sequence[Record]) -> list[list[tuple[str, str]]]:
    return [[("task", each.task), ("language", each.language), *each.texts()] for each in records]


def test_every_layout_is_recognized_and_read_as_written_down() -> None:
    found = by_file(read(RAW))
    assert found == WANTED
    assert {each.source.data_set for each in EXPECTED} == {each.name for each in json_layouts()}
    assert len({each.id for each in EXPECTED}) == len(EXPECTED)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_in_another_encoding_or_order_is_read_alike(path: Path, tmp_path: Path) -> None:
    text = path.read_text()
    same = tmp_path / path.name
    wanted = texts(of(path))
    layout = of(path)[0].source.data_set
    variants = [b"\xef\xbb\xbf" + text.encode()]
    if path.suffix == ".json":
        whole = json.loads(text)
        variants += [
            json.dumps(whole, ensure_ascii=True).encode(),
            json.dumps(whole, ensure_ascii=False, indent=8, separators=(" , ", " : ")).encode(),
        ]
    if (korean := text.encode("cp949", errors="ignore")).decode("cp949") == text:
        variants.append(korean)
    for data in variants:
        same.write_bytes(data)
        assert texts(read(same, layout=layout)) == wanted


def test_members_of_an_archive_are_read_where_their_names_begin_with_a_slash(
    tmp_path: Path,
) -> None:
    path = tmp_path / "raw.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in FILES:
            archive.writestr(zipfile.ZipInfo(f"/{file.relative_to(RAW)}"), file.read_bytes())
        assert all(name.startswith("/") for name in archive.namelist())
    found = by_file(read(path))
    assert {name.removeprefix("raw.zip!"): texts(each) for name, each in found.items()} == {
        name.removeprefix("raw/"): texts(each) for name, each in WANTED.items()
    }


def test_rows_of_columns_may_be_lines_as_well(tmp_path: Path) -> None:
    fixture = fixture_of("ms-marco")
    columns = content(fixture)
    rows = [{name: column[key] for name, column in columns.items()} for key in ("0", "1")]
    for row in rows:  # as the hub's copy has them
        names = ("passage_text", "is_selected", "url")
        row["passages"] = {name: [each[name] for each in row["passages"]] for name in names}
    path = tmp_path / "validation.jsonl"
    write(path, rows)
    found = read(path)
    assert [(each.id, texts([each])) for each in found] == [
        (each.id, texts([each])) for each in of(fixture)
    ]
    assert [each.meta for each in found] == [each.meta for each in of(fixture)]


def rows_of(value: Any) -> Any:
    if isinstance(value, list):
        return value
    lists = [each for each in value.values() if isinstance(each, list)]
    return lists[0] if lists and "dataset" not in value and "qas" not in value else [value]


def without(value: Any, keys: str) -> Any:
    made = copy.deepcopy(value)
    at = made if "query_id" in made else rows_of(made)[0]
    *parents, last = keys.split(".")
    for key in parents:
        at = at[int(key) if isinstance(at, list) else key]
    del at[last]
    return made


def content(path: Path) -> Any:
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    return json.loads(path.read_text())


def write(path: Path, value: Any) -> None:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in value))
    else:
        path.write_text(json.dumps(value, ensure_ascii=False))


def broken(path: Path, layout: str, *words: str) -> list[Problem]:
    """Both ways to hear of it: the first as an error, all of them as a list."""
    with pytest.raises(InputError) as raised:
        read(path, layout=layout)
    assert all(word in str(raised.value) for word in (path.name, *words)), raised.value
    problems: list[Problem] = []
    read(path, problems, layout)
    assert problems
    assert all(each.file == path.name for each in problems)
    return problems


@pytest.mark.parametrize("name", [each.name for each in json_layouts()])
class TestNotWellMade:
    def test_a_missing_key_is_named_with_its_place(self, name: str, tmp_path: Path) -> None:
        path = tmp_path / fixture_of(name).name
        write(path, without(content(fixture_of(name)), KEYS[name]))
        key = KEYS[name].rpartition(".")[2]
        problems = broken(path, name, f"{key}' is missing", "--keep-going")
        lost = 1 + (name == "aihub-71533")
        if KEYS[name] in {"paragraphs", "paragraphs.0.context", "story", "query", "qas"}:
            lost = len(of(fixture_of(name)))
        rest: list[Problem] = []
        assert len(read(path, rest, name)) == len(of(fixture_of(name))) - lost
        assert rest == problems

    def test_no_rows_are_told(self, name: str, tmp_path: Path) -> None:
        whole = content(fixture_of(name))
        path = tmp_path / fixture_of(name).name
        if isinstance(whole, list):
            write(path, [])
        elif "query_id" in whole:
            write(path, {key: {} for key in whole})
        else:
            lists = [key for key, value in whole.items() if isinstance(value, list)]
            write(path, {lists[0]: []} if lists else {})
        if path.suffix == ".jsonl":
            path.write_text("\n")
        broken(path, name)

    def test_a_row_of_the_wrong_type_is_told_and_left_out(self, name: str, tmp_path: Path) -> None:
        whole = content(fixture_of(name))
        path = tmp_path / fixture_of(name).name
        rows = rows_of(whole)
        if isinstance(whole, dict) and rows == [whole]:
            write(path, "text")
            broken(path, name)
            return
        rows.insert(0, "text")
        write(path, whole)
        place = "line 1" if path.suffix == ".jsonl" else "[0]"
        problems = broken(path, name, place, "not an object")
        assert len(problems) == 1
        assert texts(read(path, [], name)) == texts(of(fixture_of(name)))

    def test_a_file_that_is_cut_off_is_read_to_there(self, name: str, tmp_path: Path) -> None:
        whole = fixture_of(name).read_bytes().rstrip()
        path = tmp_path / fixture_of(name).name
        path.write_bytes(whole[: int(len(whole) * 0.9)])
        problems = broken(path, name)
        assert "cut off" in problems[-1].message or "not valid JSON" in problems[-1].message


def test_the_page_has_every_layout_in_its_table() -> None:
    page = (RAW.parents[2] / "docs" / "corpus" / "read.md").read_text()
    for layout in json_layouts():
        assert f"| `{layout.name}` | {layout.about} |" in page


def test_a_layout_says_what_it_is() -> None:
    for layout in json_layouts():
        assert isinstance(layout, JsonLayout)
        data_set = layout.data_set
        assert layout.name == data_set.name
        assert layout.about == data_set.title
        if data_set.number is not None:
            assert layout.name == f"aihub-{data_set.number}"
            assert data_set.terms == "AI Hub terms of use (redistribution: no)"

"""Exported files: nested subsets, rows of one origin together, and what is said beside them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.commands.corpus.export import command
from baselines.corpus.expand.step import Expand
from baselines.corpus.export.families import Families, Links
from baselines.corpus.export.forms import form_for
from baselines.corpus.export.subsets import RowIndex, subsets
from baselines.corpus.export.write import Wanted, export
from baselines.corpus.folder import Corpus
from baselines.corpus.leak.step import LeakCheck
from submission import cli
from submission.competitions import find_competition
from submission.errors import InputError
from submission.holdout import Options, hold_out
from submission.records.checked import sidecar_of, unchecked
from submission.tables import read_table
from tests.baselines.corpus.made import corpus_of, question, run
from tests.submission.holdout.test_holdout import seeded, word

RECIPE = "wallpaper-kogpt2"


def write(corpus: Corpus, out: Path, **wanted: Any) -> list[Path]:
    made = export(corpus, form_for(RECIPE, None, None), out, Wanted(**wanted), lambda _: None)
    return [each.path for each in made.files]


def ids(path: Path) -> list[str]:
    return read_table(path).ids("id")


def expanded(folder: Path, rows: int = 60) -> Corpus:
    """A corpus with joined questions and copies, made by the step."""
    rng = seeded(3)
    made = [
        question(n, question=f"{word(rng)} {word(rng)}?", answers=(f"{word(rng)}.",))
        for n in range(rows)
    ]
    source = corpus_of(folder / "in.jsonl", made)
    outcome = run(Expand, source, folder / "expanded", joined=0.3, balance="oversample",
                  per_category=rows // 3 + 10)  # fmt: skip
    return Corpus.open(outcome.out)


def test_each_larger_file_holds_the_smaller_and_all_are_balanced(tmp_path: Path) -> None:
    # 13 records of one category, 40 and 47 of the others.
    named = ["가"] * 13 + ["나"] * 40 + ["다"] * 47
    corpus = corpus_of(
        tmp_path / "in.jsonl", [question(n, category=name) for n, name in enumerate(named)]
    )
    paths = write(corpus, tmp_path / "qa.csv", sizes=(12, 30, 60), validation=9)
    assert [path.name for path in paths] == [
        "qa-12.csv", "qa-30.csv", "qa-60.csv", "qa-validation.csv",
    ]  # fmt: skip
    small, middle, large, held = (set(ids(path)) for path in paths)
    assert small < middle < large
    assert not large & held
    sizes = [
        dict(Counter(record.values["category"] for record in read_table(path).records))
        for path in paths
    ]
    assert sizes == [
        {"가": 4, "나": 4, "다": 4},
        {"가": 10, "나": 10, "다": 10},
        {"가": 10, "나": 25, "다": 25},
        {"가": 3, "나": 3, "다": 3},
    ]
    again = write(corpus, tmp_path / "again" / "qa.csv", sizes=(12, 30, 60), validation=9)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths]
    other = write(corpus, tmp_path / "other" / "qa.csv", sizes=(12,), seed=1)
    assert set(ids(other[0])) != small


def test_validation_and_training_share_no_family(tmp_path: Path) -> None:
    corpus = expanded(tmp_path)
    *trained, held = write(corpus, tmp_path / "train.csv", sizes=(20, 40), validation=15)
    assert len(ids(held)) == 15
    groups = {record.values["group"] for record in read_table(held).records} - {""}
    parents = {record.values["parent"] for record in read_table(held).records} - {""}
    assert groups
    for path in trained:
        table = read_table(path)
        assert not groups & {record.values["group"] for record in table.records}
        assert not parents & {*ids(path)}


def test_subsets_have_the_share_of_joined_questions_and_validation_a_row_of_each_family(
    tmp_path: Path,
) -> None:
    corpus = expanded(tmp_path, rows=600)
    *trained, held = write(corpus, tmp_path / "train.csv", sizes=(150, 300), validation=40)
    for path in (*trained, held):
        joined = sum("~joined-" in row_id for row_id in ids(path)) / len(ids(path))
        assert joined == pytest.approx(0.3, abs=0.1)
    groups = [record.values["group"] for record in read_table(held).records]
    assert len(set(groups)) == 40
    assert not any("~copy-" in row_id for row_id in ids(held))
    # Where that leaves too few rows to train on, families give more rows each.
    *_, few = write(corpus, tmp_path / "more.csv", sizes=(len(corpus) - 80,), validation=40)
    assert len({record.values["group"] for record in read_table(few).records}) < 40


def test_a_joined_question_has_the_group_of_both_its_parents(tmp_path: Path) -> None:
    corpus = expanded(tmp_path)
    (path,) = write(corpus, tmp_path / "train.csv")
    group = {row.values["id"]: row.values["group"] for row in read_table(path).records}
    joined = [each for each in corpus if "~joined-" in each.id]
    assert joined
    for each in joined:
        one, other = each.facts()["parents"]
        assert group[each.id] == group[one] == group[other] != ""
    # No more than two originals hang together, with the copies of both.
    originals = Counter(group[each.id] for each in corpus if not each.parent and group[each.id])
    assert max(originals.values()) == 2


def test_holdout_keeps_what_was_exported_together(tmp_path: Path) -> None:
    corpus = expanded(tmp_path)
    (path,) = write(corpus, tmp_path / "train.csv")
    hold_out(find_competition("dacon-236216").profile, path, tmp_path / "held", Options())
    left = read_table(tmp_path / "held" / "train.csv").records
    group_of = {each.values["id"]: each.values["group"] for each in read_table(path).records}
    kept = {each.values["id"] for each in left}
    assert 0 < len(kept) < len(group_of)
    groups = {group_of[row] for row in kept} & {group_of[row] for row in set(group_of) - kept}
    assert groups <= {""}


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40),
    st.integers(1, 12),
    st.integers(0, 8),
    st.integers(0, 3),
)
@settings(max_examples=100, deadline=None)
def test_any_subsets_are_nested_and_apart_from_the_validation(
    links: list[tuple[int, int]], size: int, validation: int, seed: int
) -> None:
    seen, index = Links(), RowIndex(seed)
    for one, other in links:
        seen.add(str(one), [str(other)])
    families = seen.families()
    for number in range(31):
        index.add(str(number), str(number), "가나다"[number % 3])
    try:
        made = subsets(index, families, (size, size + 5), validation)
    except InputError:
        return
    rows = [set(each.rows.nonzero()[0].tolist()) for each in made]
    assert [len(each) for each in rows] == [size, size + 5, validation][: len(rows)]
    assert rows[0] <= rows[1]
    if validation:
        family = [_family(families, number) for number in range(31)]
        assert not {family[n] for n in rows[1]} & {family[n] for n in rows[2]}


def _family(families: Families, number: int) -> str:
    return families.name(str(number)) or f"alone {number}"


def test_the_file_beside_it_names_the_steps_in_their_order(tmp_path: Path) -> None:
    source = corpus_of(tmp_path / "in.jsonl", [question(n) for n in range(12)])
    first = run(Expand, source, tmp_path / "01-expand", balance="cap", per_category=3)
    second = run(Expand, Corpus.open(first.out), tmp_path / "02-expand", joined=0.2)
    (path,) = write(Corpus.open(second.out), tmp_path / "files" / "train.csv")
    told = json.loads(sidecar_of(path).read_text())
    assert told == {"digest": second.manifest.digest, "steps": ["expand", "expand"], "leak": None}
    write(source, tmp_path / "bare.csv")
    assert json.loads((tmp_path / "bare.csv.corpus.json").read_text())["steps"] == []


def test_training_and_holding_out_warn_of_rows_that_were_never_held_against_the_test_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = corpus_of(tmp_path / "test.jsonl", [question(40)])
    source = corpus_of(tmp_path / "in.jsonl", [question(n) for n in range(12)])
    checked = run(LeakCheck, source, tmp_path / "checked", test=(test.path,))
    told: list[list[str]] = []
    for corpus in (source, Corpus.open(checked.out)):
        (path,) = write(corpus, tmp_path / f"{len(told)}.csv")
        common = ["-c", "dacon-236216"]
        local = str(tmp_path / f"holdout-{len(told)}")
        cli.run(["holdout", *common, "--train", str(path), "--out", local])
        said = capsys.readouterr().err
        nowhere = str(tmp_path / "nowhere")
        options = ["--data", str(path), "--out", str(tmp_path / "x"), "--model", nowhere]
        cli.run(["train", RECIPE, *common, *options])
        told.append([said, capsys.readouterr().err])
    assert all("never held against the test file" in said for said in told[0])
    assert not any("never held against" in said for said in told[1])
    assert unchecked(tmp_path / "no file of a corpus.csv") is None


def test_what_cannot_be_exported_is_told_with_the_reasons(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "in.jsonl", [question(1), question(2, answers=())])
    result = CliRunner().invoke(
        command, [str(corpus.path), "--for", RECIPE, "--out", str(tmp_path / "train.csv")]
    )
    assert result.exit_code == 0
    assert "1 of 2 records left out: no answer" in result.stderr
    for arguments, reason in [
        (["--for", "news-qa-gemma"], r"none of 2 records fits 'document-qa'.*no document \(2\)"),
        (["--for", "nearest"], "--as"),
        (["--for", "news-qa-gemma", "--as", "koeng"], "koen"),
        (["--for", RECIPE, "--as", "document-qa"], "no column for the documents"),
        (["--for", RECIPE, "--sizes", "4"], "only 1 of 1 rows"),
        (["--for", RECIPE, "-c", "dacon-236455"], "makes its questions of several columns"),
    ]:
        out = tmp_path / "no" / "train.csv"
        failed = CliRunner().invoke(command, [str(corpus.path), *arguments, "--out", str(out)])
        assert isinstance(failed.exception, InputError)
        with pytest.raises(InputError, match=reason):
            raise failed.exception
        assert not out.exists()

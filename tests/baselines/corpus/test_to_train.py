"""From records to a training file by a pipeline, and into a training that holds out a share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from baselines.commands.corpus import command
from baselines.corpus.folder import Corpus
from baselines.training.held_out import HeldOut, hold_out
from submission.competitions import find_competition
from tests.baselines.corpus.made import corpus_of, question

PIPELINE = """
input = "records.jsonl"

[[steps]]
step = "expand"
test = "test.csv"
balance = "cap"
per_category = 12

[[steps]]
step = "augment"
kinds = ["typo", "ending"]
share = 0.5
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_pipeline_ends_in_a_file_whose_rows_stay_with_their_parents(
    workers: str, tmp_path: Path
) -> None:
    corpus_of(tmp_path / "records.jsonl", [question(n) for n in range(60)])
    (tmp_path / "pipeline.toml").write_text(PIPELINE, encoding="utf-8")
    (tmp_path / "test.csv").write_text(
        'id,질문\n1,왜 우나요?\n2,"왜 우나요? 또한, 왜 젖나요?"\n3,왜 마르나요?\n', encoding="utf-8"
    )
    out, train = tmp_path / "corpus", tmp_path / "train.csv"
    for arguments in (
        ["run", str(tmp_path / "pipeline.toml"), "--out", str(out), "--workers", workers],
        ["export", str(out / "02-augment"), "--for", "wallpaper-kogpt2", "--out", str(train)],
    ):
        result = CliRunner().invoke(command, arguments)
        assert result.exit_code == 0, result.output
    told = json.loads((tmp_path / "train.csv.corpus.json").read_text())
    assert told["steps"] == ["expand", "augment"]
    rows = HeldOut.read(find_competition("dacon-236216"), train)
    assert len(rows.rows) == len(Corpus.open(out / "02-augment"))
    rest, held = hold_out(rows, 0.3, 1)
    sides = {row.id: "held" for row in held.rows} | {row.id: "rest" for row in rest}
    related = [row.row for row in rows.rows if row.row["parent"]]
    assert {sides[row["id"]] for row in related} == {"held", "rest"}
    assert all(sides[row["id"]] == sides[row["parent"]] for row in related)

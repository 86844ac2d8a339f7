"""Names in messages are listed by one function, which shows five of them at most."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
JOINED = re.compile(r"""["'](?:, |; | and )["']\.join\(""")

# Where every name is to be seen, or there are never more than a handful.
WHOLE = {
    "baselines/commands/demo.py": "the demo's own steps",
    "baselines/commands/views/ablation.py": "one level for each axis",
    "baselines/corpus/dedup/step.py": "chances at eight similarities",
    "baselines/corpus/execute.py": "settings that differ, each with two values",
    "baselines/corpus/explore/page.py": "two corpora",
    "baselines/corpus/explore/tables.py": "the words of a table's cell",
    "baselines/corpus/leak/step.py": "three kinds of texts",
    "baselines/corpus/mask/step.py": "every kind, in an option's help",
    "baselines/corpus/readers/layouts/fitting.py": "reasons of one file",
    "baselines/corpus/readers/layouts/flat.py": "a condition as Python writes it",
    "baselines/corpus/readers/layouts/known.py": "a file and the place in it",
    "baselines/experiment/plan.py": "a table as it is to be written",
    "baselines/preference/prefer.py": "two notes",
    "baselines/study/plot.py": "parts of one label",
    "baselines/training/lifecycle.py": "known loggers",
    "baselines/training/needs.py": "settings that help",
    "baselines/training/samples.py": "two limits",
    "evaluators/base.py": "reasons, each once",
    "evaluators/errors.py": "an option's own values",
    "evaluators/judge/rubric.py": "fields that a rubric has",
    "evaluators/metrics/entry.py": "an option's own values",
    "evaluators/metrics/judge.py": "kinds of problems",
    "evaluators/metrics/rouge.py": "two options",
    "evaluators/ranking/sensitivity.py": "known tokenizers",
    "evaluators/text/listed.py": "the function itself",
    "submission/adapters/merge.py": "checks of a merge",
    "submission/bundle/script.py": "a list as Python writes it",
    "submission/check/competition.py": "the levels of certainty",
    "submission/check/kinds.py": "probabilities of one row",
    "submission/commands/competitions.py": "a table of facts",
    "submission/commands/doctor.py": "a table of facts",
    "submission/commands/export.py": "kinds of files",
    "submission/commands/holdout.py": "a table of facts",
    "submission/commands/index.py": "the facts of one line",
    "submission/commands/new_competition.py": "options of one command",
    "submission/commands/show.py": "a table of facts",
    "submission/commands/views/reports.py": "kinds of degenerate answers",
    "submission/commands/views/row.py": "the stages of a search",
    "submission/compare/board.py": "three notes",
    "submission/compare/explanations.py": "one score for each fold",
    "submission/compare/write.py": "kinds of files",
    "submission/competitions/new/write.py": "a list as TOML writes it",
    "submission/engines/choose.py": "known engines",
    "submission/engines/vllm/applied.py": "an engine's settings",
    "submission/engines/vllm/merged.py": "a model's architectures",
    "submission/engines/vllm/support.py": "a model's architectures",
    "submission/ensemble/vectors.py": "an ensemble's method",
    "submission/holdout/options.py": "options of one command",
    "submission/machine/doctor.py": "graphics cards",
    "submission/retrieval/documents.py": "the kinds of files there are",
    "submission/retrieval/store.py": "a condition of SQL",
    "submission/scoring/metrics.py": "metrics with a model",
    "submission/scoring/pairing.py": "two sides",
    "submission/submit/write.py": "two sides",
    "submission/tables/json_reader.py": "a cell as JSON, two sides",
    "submission/tables/names.py": "missing columns, five at most",
    "submission/tables/read.py": "kinds of files",
    "submission/terminal/progress.py": "parts of one line",
}


def test_no_message_joins_names_by_itself() -> None:
    found = {
        str(file.relative_to(ROOT))
        for package in ("evaluators", "submission", "baselines")
        for file in (ROOT / package).rglob("*.py")
        if JOINED.search(file.read_text(encoding="utf-8"))
    }
    assert found <= set(WHOLE), "list names with few() or nearest()"
    assert set(WHOLE) <= found, "no longer needed"

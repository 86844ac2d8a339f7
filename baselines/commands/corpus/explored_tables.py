"""An exploration in the terminal."""

from __future__ import annotations

from baselines.corpus.explore.explored import Exploration
from baselines.corpus.explore.tables import Table, tables
from submission.terminal.output import tell
from submission.terminal.tables import print_facts, print_table


def print_exploration(found: Exploration) -> None:
    """Every table, then the rules that the numbers follow."""
    alone = len(found.corpora) == 1
    used: dict[str, None] = {}
    for corpus in found.corpora:
        sampled = f"{corpus.sampled:,} of them sampled with seed {corpus.seed}"
        tell(f"{corpus.name}: {corpus.records:,} records, {sampled}.")
    for table in tables(found):
        shown = _without_first(table) if alone and table.headers[0] == "corpus" else table
        print_table(shown.headers, shown.rows, title=shown.title, names=False)
        used.update(dict.fromkeys(table.rules))
    tell("How it is counted:")
    print_facts((name, found.rules[name]) for name in used)


def _without_first(table: Table) -> Table:
    rows = [row[1:] for row in table.rows]
    return table._replace(headers=table.headers[1:], rows=rows)

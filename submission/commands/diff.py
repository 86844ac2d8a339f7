"""``leaderkit diff``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from evaluators.text.cells import visible
from submission.commands import options
from submission.terminal import numbers
from submission.terminal.output import in_colour, print_json, show, tell

if TYPE_CHECKING:
    from rich.text import Text

    from submission.diff import Diff, Only, Row, Segment
    from submission.scoring.subjects import Subject

SHOWN = 10
"""Rows on the terminal where --limit says nothing; files and JSON have all of them."""


@click.command()
@click.argument("first", metavar="RUN|FILE")
@click.argument("second", metavar="RUN|FILE")
@options.competition(required=False)
@click.option("--references", type=options.FILE, help="The reference answers.")
@click.option(
    "--metric", metavar="SPEC", help="Score rows by this metric instead of the competition's."
)
@click.option(
    "--metric-model",
    "metric_models",
    multiple=True,
    metavar="METRIC=PATH",
    help="Model for a metric, also in the formula. Repeatable.",
)
@click.option(
    "--only",
    type=click.Choice(["changed", "worse", "better", "all"]),
    default="changed",
    show_default=True,
    help="Which rows: those whose text or score differs, or some of them, or all.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    help=f"At most so many rows. On the terminal {SHOWN} unless it is given.",
)
@click.option("--html", type=options.PLACE, help="Write a page that opens offline.")
@click.option("--csv", type=options.PLACE, help="Write a table for spreadsheets.")
@options.encoder()
@options.references_by()
@options.ledger()
@options.as_json()
def command(
    first: str,
    second: str,
    competition: str | None,
    references: Path | None,
    metric: str | None,
    metric_models: tuple[str, ...],
    only: Only,
    limit: int | None,
    html: Path | None,
    csv: Path | None,
    encoder: str | None,
    references_by: options.ReferencesBy | None,
    ledger: Path,
    as_json: bool,
) -> None:
    """Show row by row what the second of two runs or files changed, worst regressions first.

    Words that only one of the two answers has are marked. Without --references, the rows whose text
    differs are shown, most different first.
    """
    from submission.competitions import find_competition, plain_profile
    from submission.diff import diff_scores, diff_texts, to_json, write_page, write_table
    from submission.scoring.metrics import Models
    from submission.scoring.progress import show_progress
    from submission.scoring.scorer import Scorer
    from submission.scoring.subjects import find_subject, load_references

    if references is None and metric is not None:
        raise click.UsageError("--metric needs --references.")
    if references is None and only in ("worse", "better"):
        raise click.UsageError(f"--only {only} needs --references.")
    if references is not None and competition is None and metric is None:
        raise click.UsageError("Give a competition with -c, or a metric with --metric.")
    contest = find_competition(competition) if competition else None
    profile = contest.profile if contest else plain_profile(metric or "chrf")
    with options.open_if_there(ledger) as book:
        old, new = (
            find_subject(profile, book, name, competition=contest.name if contest else None)
            for name in (first, second)
        )
    questions = _questions((old, new))
    if references is None:
        diff = diff_texts(old, new, questions)
    else:
        models = Models.read(metric_models)
        if contest is not None:
            scorer = Scorer.of(
                contest, encoder, references_by, models=models, progress=show_progress
            )
        else:
            scorer = Scorer(
                profile.score, None, encoder, references_by, models=models, progress=show_progress
            )
        gold = load_references(profile, references)
        diff = diff_scores(scorer, metric, old, new, gold.rows, questions)
    rows = diff.listed(only, limit)
    if html is not None:
        write_page(diff, rows, html)
    if csv is not None:
        write_table(rows, csv)
    if as_json:
        print_json(to_json(diff, rows))
    else:
        _print(diff, rows if limit else rows[:SHOWN], len(rows))
        for path in (html, csv):
            if path is not None:
                tell(f"Wrote {path}.")


def _questions(subjects: Sequence[Subject]) -> Mapping[str, str]:
    answers = next((each.answers for each in subjects if each.answers), ())
    return {answer.id: answer.question for answer in answers}


def _print(diff: Diff, rows: Sequence[Row], found: int) -> None:
    _print_summary(diff)
    # Without colours, marks around the words say which they are.
    plain = not in_colour()
    for row in rows:
        tell()
        for line in _lines(diff, row, plain=plain):
            show(line, soft_wrap=plain)
    if found > len(rows):
        tell(f"\n{found - len(rows)} more rows: --limit, --html or --csv shows them.")


def _print_summary(diff: Diff) -> None:
    total, changed = len(diff.rows), diff.count("changed")
    if not changed:
        tell(f"No row differs: {diff.first} and {diff.second} have the same {total} answers.")
    elif diff.scale is None:
        tell(f"{diff.second} against {diff.first}: {changed} of {total} answers differ.")
    if (scale := diff.scale) is None:
        return
    if changed:
        unscored = f", {diff.unscored} without a score" if diff.unscored else ""
        tell(
            f"{diff.second} against {diff.first}, {scale.metric}: {diff.count('worse')} rows "
            f"worse, {diff.count('better')} better, {total - changed} unchanged of {total}"
            f"{unscored}; "
            f"{numbers.score(scale.first)} -> {numbers.score(scale.second)}."
        )
    tell(f"Score: {scale.signature}")
    if scale.proxy:
        tell(f"Proxy: {scale.proxy}.", style="yellow")


def _lines(diff: Diff, row: Row, *, plain: bool) -> list[Text]:
    from rich.text import Text

    from submission.diff import word_diff

    head = Text(visible(row.id), style="bold")
    if row.category:
        head.append(f"  {visible(row.category)}", style="dim")
    if row.difference is not None and row.gain is not None:
        style = "" if row.gain == 0 else "bold dark_orange3" if row.gain < 0 else "bold blue"
        head.append(
            f"  {numbers.score(row.first.score)} -> {numbers.score(row.second.score)}",
            style="not bold",
        )
        head.append(f"  {numbers.difference(row.difference)}", style=style)
    words = word_diff(row.first.answer, row.second.answer)
    named = [("question", row.question), *(("reference", text) for text in row.references)]
    lines = [Text.assemble((f"  {name}: ", "dim"), visible(text)) for name, text in named if text]
    old = _marked(words.first, ("[-", "-]"), "dark_orange3 strike", plain=plain)
    new = _marked(words.second, ("{+", "+}"), "blue underline", plain=plain)
    return [
        head,
        *lines,
        Text.assemble((f"  {visible(diff.first)}: ", "dim"), old),
        Text.assemble((f"  {visible(diff.second)}: ", "dim"), new),
    ]


def _marked(
    segments: Sequence[Segment], marks: tuple[str, str], style: str, *, plain: bool
) -> Text:
    from rich.text import Text

    found = Text()
    for text, changed in segments:
        shown = visible(text)
        if not changed:
            found.append(shown)
        elif plain:
            found.append(f"{marks[0]}{shown}{marks[1]}")
        else:
            found.append(shown, style=style)
    return found

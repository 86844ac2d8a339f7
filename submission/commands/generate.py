"""``leaderkit generate``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, say


@click.command()
@click.argument("recipe", type=options.NAME)
@options.competition()
@click.option("--test", type=options.FILE, required=True, help="The competition's test file.")
@click.option("--run", "run_name", required=True, metavar="NAME", help="Name of the run.")
@click.option("--train", type=options.FILE, help="Training file, for recipes that answer from it.")
@click.option(
    "--model", type=options.NAME, metavar="NAME|FOLDER", help="Model instead of the recipe's."
)
@click.option(
    "--adapter",
    type=options.NAME,
    metavar="NAME|FOLDER",
    help="Adapter applied at run time, not merged.",
)
@click.option("--engine", metavar="NAME", help="auto, vllm, transformers, or an installed one.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first rows.")
@click.option("--samples", type=click.IntRange(min=1), help="Answers per prompt.")
@options.overrides()
@click.option("--fresh", is_flag=True, help="Discard this run and compute it again.")
@click.option(
    "--retry-degenerate",
    is_flag=True,
    help="Then generate degenerate answers again, with the sampling of the recipe's [retry].",
)
@options.encoder()
@options.ledger()
@options.as_json()
def command(
    recipe: str,
    competition: str,
    test: Path,
    run_name: str,
    train: Path | None,
    model: str | None,
    adapter: str | None,
    engine: str | None,
    limit: int | None,
    samples: int | None,
    overrides: tuple[str, ...],
    fresh: bool,
    retry_degenerate: bool,
    encoder: str | None,
    ledger: Path,
    as_json: bool,
) -> None:
    """Answer every row of a test file with RECIPE.

    Finished rows are saved at once. The same command resumes a run that was stopped or killed, with
    the missing rows.

    An answer is degenerate if it is empty, was cut off at the length limit, loops, repeats question
    or prompt, is in another language, or is given to many different questions. Such answers are
    counted; --retry-degenerate replaces those that come out better.
    """
    from submission.commands.views.reports import print_report
    from submission.competitions import find_competition
    from submission.engines.slot import ModelSlot
    from submission.generation.generate import Job, generate
    from submission.generation.retry import retry_answers
    from submission.recipes import find_recipe, model_overrides
    from submission.runs.ledger import Ledger

    if not run_name.strip():
        raise click.UsageError("--run is empty: give the run a name.")
    chosen = find_recipe(recipe, [*overrides, *model_overrides(model, adapter, engine, samples)])
    job = Job(
        run=run_name,
        recipe=chosen,
        competition=find_competition(competition),
        test=test,
        train=train,
        encoder=encoder,
        limit=limit,
        fresh=fresh,
        command=options.command_line(),
    )
    with Ledger(ledger) as book, ModelSlot(shared=retry_degenerate) as slot:
        report = generate(job, book, say, slot)
        if retry_degenerate:
            report = retry_answers(job, report, book, say, slot)
    if as_json:
        print_json(asdict(report))
    else:
        print_report(report)

"""``leaderkit generate``."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from functools import partial
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
@click.option(
    "--engine", metavar="NAME", help="auto, vllm, transformers, openai, or an installed one."
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Processes that each load the model and share the rows, by GPU or by processor.",
)
@click.option("--limit", type=click.IntRange(min=1), help="Only the first rows.")
@click.option("--samples", type=click.IntRange(min=1), help="Answers per prompt.")
@options.overrides()
@click.option("--fresh", is_flag=True, help="Discard this run and compute it again.")
@click.option(
    "--retry-degenerate",
    is_flag=True,
    help="Then generate degenerate answers again, with the sampling of the recipe's [retry].",
)
@click.option(
    "--plan", "only_plan", is_flag=True, help="Only say what would be done, and what it takes."
)
@click.option(
    "--probe",
    type=click.IntRange(min=1),
    metavar="N",
    help="Answer only N prompts, of all lengths, and say how long the others will take.",
)
@click.option(
    "--time-limit",
    type=options.Seconds(),
    metavar="TIME",
    help="End in time, such as 270m: short prompts first, what is left stays for another call.",
)
@click.option(
    "--fallback", metavar="RUN", help="A finished run, for the rows of --submission without answer."
)
@click.option(
    "--submission",
    "out",
    type=options.PLACE,
    help="A submission file that is there from the start, and renewed as rows are answered; needs "
    "--template and --fallback.",
)
@click.option("--template", type=options.FILE, help="The organizer's template.")
@click.option(
    "--max-cost",
    type=click.FloatRange(min=0.0, min_open=True),
    metavar="MONEY",
    help="Stop before the run has cost more, by engine.openai.prices and in their currency.",
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
    workers: int | None,
    limit: int | None,
    samples: int | None,
    overrides: tuple[str, ...],
    fresh: bool,
    retry_degenerate: bool,
    only_plan: bool,
    probe: int | None,
    time_limit: float | None,
    fallback: str | None,
    out: Path | None,
    template: Path | None,
    max_cost: float | None,
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
    began = time.monotonic()
    from submission.commands.views.reports import print_report, print_upload
    from submission.competitions import find_competition
    from submission.engines.slot import ModelSlot
    from submission.generation.deadline import Deadline
    from submission.generation.generate import Job, generate
    from submission.generation.retry import retry_answers
    from submission.recipes import find_recipe, model_overrides
    from submission.runs.ledger import Ledger

    if not run_name.strip():
        raise click.UsageError("--run is empty: give the run a name.")
    if retry_degenerate and (time_limit or probe):
        raise click.UsageError(
            "--retry-degenerate cannot be combined with --time-limit or --probe."
        )
    together = (out, template, fallback)
    if any(together) and None in together:
        raise click.UsageError("--submission, --template and --fallback belong together.")
    instead = model_overrides(model, adapter, engine, samples, workers)
    chosen = find_recipe(recipe, [*overrides, *instead])
    if probe and chosen.engine.openai is not None and chosen.engine.openai.batch is not None:
        raise click.UsageError(
            "--probe cannot be combined with engine.openai.batch: how long a batch takes tells "
            "nothing of the next one. --plan says what it costs."
        )
    contest = find_competition(competition)
    job = Job(
        run=run_name,
        recipe=chosen,
        competition=contest,
        test=test,
        train=train,
        encoder=encoder,
        limit=limit,
        fresh=fresh,
        max_cost=max_cost,
        command=options.command_line(),
        probe=probe,
    )
    if only_plan:
        from submission.commands.views.preview import print_preview, to_json
        from submission.generation.preview import preview

        # Nothing is recorded, so no ledger is made where there is none.
        with Ledger(ledger if ledger.is_file() else Path(":memory:")) as book:
            found = preview(job, book, say)
        print_json(to_json(found)) if as_json else print_preview(found)
        return
    with Ledger(ledger) as book, ModelSlot(shared=retry_degenerate) as slot:
        standing = None
        if out is not None and template is not None and fallback is not None:
            from submission.scoring.scorer import Scorer
            from submission.submit.standing import Standing

            scorer = Scorer.of(contest, encoder)
            standing = Standing(
                contest, scorer, book, run_name, fallback, template, out, job.command
            )
            standing.check()
            keep, ready = standing.write, partial(standing.write, fresh=fresh)
            job = replace(job, deadline=Deadline(time_limit, keep, ready, began=began))
        elif time_limit is not None:
            job = replace(job, deadline=Deadline(time_limit, began=began))
        report = generate(job, book, say, slot)
        if retry_degenerate and not report.failures:
            report = retry_answers(job, report, book, say, slot)
        written = standing.write() if standing is not None else None
    if as_json:
        print_json(asdict(report))
    else:
        print_report(report)
        if written is not None:
            print_upload(written)
    if probe is None:
        report.require_whole()

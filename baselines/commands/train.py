"""``leaderkit train``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from submission.commands import options


@click.command()
@click.argument("recipe")
@options.competition()
@click.option("--data", type=options.FILE, required=True, help="The competition's training file.")
@click.option("--out", type=options.FILE, required=True, help="New folder for the adapter.")
@click.option("--model", metavar="NAME|FOLDER", help="Base model instead of the recipe's.")
@options.overrides()
@click.option("--resume", is_flag=True, help="Go on with the training that was stopped.")
@click.option("--seed", type=click.IntRange(min=0), help="Instead of the recipe's training.seed.")
@options.as_json()
def command(
    recipe: str,
    competition: str,
    data: Path,
    out: Path,
    model: str | None,
    overrides: tuple[str, ...],
    resume: bool,
    seed: int | None,
    as_json: bool,
) -> None:
    """Fine-tune a LoRA adapter as RECIPE says, on every phrasing and every answer of the data.

    Checkpoints are kept beside the adapter's folder until it is whole: a training that was
    stopped, in whatever way, goes on with --resume.
    """
    from baselines.training.sft import train
    from submission.competitions import find_competition
    from submission.models import sha256_file
    from submission.recipes import find_recipe, model_overrides
    from submission.records import read_training

    report = train(
        find_recipe(recipe, [*overrides, *model_overrides(model, None, None, None)]),
        read_training(find_competition(competition).profile, data),
        out,
        data_sha256=sha256_file(data),
        seed=seed,
        resume=resume,
        say=options.say,
    )
    if as_json:
        options.print_json(report.as_json())
    else:
        click.echo(f"{out}: {report.summary()}")

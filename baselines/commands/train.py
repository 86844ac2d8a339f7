"""``leaderkit train``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from submission.commands import options
from submission.terminal.output import say, warn


@click.command()
@click.argument("recipe", type=options.NAME)
@options.competition()
@click.option("--data", type=options.FILE, required=True, help="The competition's training file.")
@click.option(
    "--out", type=options.PLACE, required=True, help="New folder for the adapter or the model."
)
@click.option(
    "--eval",
    "evaluation",
    type=options.FILE,
    help="Held-out rows in the training file's format, evaluated during training.",
)
@options.encoder()
@click.option(
    "--model", type=options.NAME, metavar="NAME|FOLDER", help="Base model instead of the recipe's."
)
@options.overrides()
@click.option("--resume", is_flag=True, help="Resume a training that was stopped.")
@click.option(
    "--seed", type=options.TRAINING_SEED, help="Seed instead of the recipe's training.seed."
)
@options.as_json()
def command(
    recipe: str,
    competition: str,
    data: Path,
    out: Path,
    evaluation: Path | None,
    encoder: str | None,
    model: str | None,
    overrides: tuple[str, ...],
    resume: bool,
    seed: int | None,
    as_json: bool,
) -> None:
    """Fine-tune RECIPE's model on every phrasing and every answer of the training file.

    Writes an adapter (lora, qlora) or a model (full), with a report and the loss curve. Checkpoints
    are kept beside the folder until the training has finished: --resume continues a training that
    was stopped or killed.
    """
    say("Loading the libraries for training.")
    from baselines.commands.views.training import print_training
    from baselines.training.held_out import HeldOut, hold_out
    from baselines.training.sft import tables, train
    from submission.competitions import find_competition
    from submission.files.digest import sha256_file
    from submission.recipes import find_recipe, model_overrides
    from submission.records.checked import unchecked
    from submission.records.read import read_training

    wanted = find_recipe(recipe, [*overrides, *model_overrides(model, None, None, None)])
    settings = tables(wanted)[1]
    profile = find_competition(competition)
    rows = read_training(profile.profile, data)
    if (told := unchecked(data)) is not None:
        warn(told)
    held_out = None
    if evaluation is not None:
        held_out = HeldOut.read(profile, evaluation, encoder)
    elif settings.evaluation.share:
        everything = HeldOut.read(profile, data, encoder)
        chance = settings.seed if seed is None else seed
        rows, held_out = hold_out(everything, settings.evaluation.share, chance)
        say(f"{len(held_out.rows)} of {len(everything.rows)} rows are held out.")
    report = train(
        wanted,
        rows,
        out,
        held_out=held_out,
        data_sha256=sha256_file(data),
        seed=seed,
        resume=resume,
        say=say,
    )
    print_training(report, out, as_json=as_json)

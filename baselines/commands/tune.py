"""``leaderkit tune``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from submission.commands import options
from submission.terminal.output import say


@click.command()
@click.argument("recipe", type=options.NAME)
@click.option(
    "--pairs", type=options.FILE, required=True, help="Preference pairs, as written by prefer."
)
@click.option("--out", type=options.PLACE, required=True, help="New folder for the adapter.")
@click.option("--eval", "held_out", type=options.FILE, help="Held-out pairs, for evaluation only.")
@click.option(
    "--model", type=options.NAME, metavar="NAME|FOLDER", help="Base model instead of the recipe's."
)
@click.option(
    "--adapter",
    type=options.NAME,
    metavar="NAME|FOLDER",
    help="Start from this adapter, which is also the reference model.",
)
@options.overrides()
@click.option("--resume", is_flag=True, help="Resume a tuning that was stopped.")
@click.option(
    "--seed", type=options.TRAINING_SEED, help="Seed instead of the recipe's training.seed."
)
@options.as_json()
def command(
    recipe: str,
    pairs: Path,
    out: Path,
    held_out: Path | None,
    model: str | None,
    adapter: str | None,
    overrides: tuple[str, ...],
    resume: bool,
    seed: int | None,
    as_json: bool,
) -> None:
    """Tune a LoRA adapter on pairs of answers, by direct preference optimization (DPO).

    The settings are the recipe's [preference] and [training]. With --adapter, tuning starts from a
    trained adapter, such as that of the round before; without it, from a new adapter on the model.
    Checkpoints are kept beside the adapter's folder until the tuning has finished: --resume
    continues.
    """
    say("Loading the libraries for training.")
    from baselines.commands.views.training import print_training
    from baselines.preference.pairs import read_pairs
    from baselines.preference.tune import tune
    from submission.files.digest import sha256_file
    from submission.recipes import find_recipe, model_overrides

    report = tune(
        find_recipe(recipe, [*overrides, *model_overrides(model, adapter, None, None)]),
        read_pairs(pairs),
        out,
        held_out=read_pairs(held_out) if held_out is not None else (),
        data_sha256=sha256_file(pairs),
        seed=seed,
        resume=resume,
        say=say,
    )
    print_training(report, out, as_json=as_json)

"""``leaderkit tune``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from submission.commands import options
from submission.terminal.output import say


@click.command()
@click.argument("recipe", type=options.NAME)
@click.option("--pairs", type=options.FILE, required=True, help="Pairs, such as prefer writes.")
@click.option("--out", type=options.PLACE, required=True, help="New folder for the adapter.")
@click.option("--eval", "held_out", type=options.FILE, help="Pairs to judge by, not learned.")
@click.option(
    "--model", type=options.NAME, metavar="NAME|FOLDER", help="Base model instead of the recipe's."
)
@click.option(
    "--adapter",
    type=options.NAME,
    metavar="NAME|FOLDER",
    help="Begin with this adapter; it is the reference.",
)
@options.overrides()
@click.option("--resume", is_flag=True, help="Go on with the tuning that was stopped.")
@click.option("--seed", type=options.TRAINING_SEED, help="Instead of the recipe's training.seed.")
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

    The recipe's [preference] and [training] say how. With --adapter, the result of a training is
    tuned, such as that of the round before; else a new adapter over the model. Checkpoints are
    kept beside the adapter's folder until it is whole: --resume goes on.
    """
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

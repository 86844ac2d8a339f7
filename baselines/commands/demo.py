"""``leaderkit demo``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, say, tell


@click.command()
@click.option(
    "--out",
    type=options.PLACE,
    default=Path("out/demo"),
    show_default=True,
    help="Folder for the adapter, the model, the ledger and the results.",
)
@click.option("--fresh", is_flag=True, help="Start over instead of continuing with what is there.")
@options.as_json()
def command(out: Path, fresh: bool, as_json: bool) -> None:
    """Run the whole chain on the sample data with the embedded model.

    Trains a LoRA adapter, merges it, answers the sample test file with vLLM, writes and checks a
    submission, and compares it with the base model, nearest, medoid and constant. Also answers the
    sample multiple-choice questions and scores the answers as labels. A second run continues with
    what is there.
    """
    say("Loading the libraries for training.")
    from baselines.commands.views.outcome import outcome_json, print_classes, print_outcome
    from baselines.experiment.demo import STAND_INS, run_demo
    from submission.errors import CheckFailed, Stopped

    done = run_demo(out, say, command=options.command_line(), fresh=fresh)
    if as_json:
        print_json(
            {
                "training": done.training.as_json(),
                "merged": str(done.merged),
                **outcome_json(done.outcome),
                "choice": {
                    **outcome_json(done.choice),
                    "classes": {name: found.as_json() for name, found in done.classes.items()},
                },
                "seconds": done.seconds,
            }
        )
    else:
        print_outcome(done.outcome)
        tell("\nMultiple choice and short answers:")
        print_outcome(done.choice)
        tell("\nThe questions with options, as labels:")
        print_classes(done.classes)
        took = ", ".join(f"{step} {seconds:.0f} s" for step, seconds in done.seconds.items())
        tell(f"Took: {took}.\n\n{STAND_INS}")
    for name, why in {**done.outcome.failed, **done.choice.failed}.items():
        raise Stopped(f"{name} failed: {why}")
    for written, findings in [*done.outcome.submissions, *done.choice.submissions]:
        if any(finding.severity == "error" for finding in findings):
            raise CheckFailed(f"{written.path} does not pass its check: {asdict(findings[0])}")

"""The commands that train and chain; found through the ``leaderkit.commands`` entry point."""

from submission.commands import CommandEntry


def _here(name: str, text: str, order: int) -> CommandEntry:
    return CommandEntry(f"baselines.commands.{name}:command", text, order)


COMMANDS = {
    "demo": _here("demo", "Run the whole chain on the sample data.", 1),
    "corpus": _here("corpus", "Prepare training data from raw documents.", 5),
    "docquest": _here("docquest", "Train and tune scorers of retrieved passages.", 7),
    "train": _here("train", "Fine-tune an adapter or a whole model.", 6),
    "prefer": _here("prefer", "Choose between samples, for preference tuning.", 9),
    "tune": _here("tune", "Tune an adapter on preferences (DPO).", 9),
    "run": _here("run", "Generate, score, submit and compare several recipes.", 13),
    "ablate": _here("ablate", "Estimate the effect of each choice of a recipe, over a grid.", 13),
    "study": _here("study", "Train over a grid of sizes, ranks and methods; compare.", 13),
}

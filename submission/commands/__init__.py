"""The commands of this package: name, where it is, and one line of help."""

from typing import NamedTuple


class CommandEntry(NamedTuple):
    """Where a command is found (``module:attribute``), its help, and its place in the list."""

    target: str
    help: str
    order: int


def _here(name: str, text: str, order: int) -> CommandEntry:
    return CommandEntry(f"submission.commands.{name}:command", text, order)


COMMANDS = {
    "doctor": _here("doctor", "Show what this machine can run, and what is missing.", 2),
    "competitions": _here("competitions", "Competitions and how each one scores.", 3),
    "recipes": _here("recipes", "Recipes, their variants, and whether they train.", 4),
    "holdout": _here("holdout", "Make a local test set from train, without leakage.", 5),
    "merge": _here("merge", "Merge an adapter into its base, and measure parity.", 7),
    "index": _here("index", "Index documents for retrieval, or bring an index up to date.", 7),
    "retrieve": _here("retrieve", "Search an index; measure what it finds.", 7),
    "generate": _here("generate", "Answer a test file; resumes where it stopped.", 8),
    "score": _here("score", "Score answers by the organizer's formula.", 9),
    "metrics": _here("metrics", "Metrics, and what each needs.", 9),
    "submit": _here("submit", "Write and check the submission file.", 10),
    "check": _here("check", "Check a submission against the template.", 11),
    "bundle": _here("bundle", "Package a run for the organizer's code check; rehearse it.", 11),
    "compare": _here("compare", "Compare runs and files with a baseline.", 12),
    "record": _here("record", "Record a run's score on the organizer's leaderboard.", 13),
    "diff": _here("diff", "Show what a second run or file changed, row by row.", 12),
    "parity": _here("parity", "Measure how far two ways of answering agree.", 12),
    "ensemble": _here("ensemble", "Combine several runs or samples into one run.", 13),
    "runs": _here("runs", "The runs in the ledger.", 14),
    "show": _here("show", "One run: recipe, progress, scores.", 15),
    "export": _here("export", "A run's answers as CSV, JSON or JSONL.", 16),
}

"""One row of a run: what was asked, what came back, and why it ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from evaluators.text.cells import shortened
from submission.engines.base import Finish
from submission.errors import few
from submission.generation.seen import SeenPrompt, SeenToken
from submission.recipes import Degenerate, Recipe
from submission.runs.answers import given
from submission.runs.rows import FinishedPart
from submission.terminal.output import tell
from submission.terminal.tables import print_facts, print_table

ENDED = {
    Finish.STOP: "at an end token or a stop",
    Finish.LENGTH: "cut off by the length limit",
    Finish.THINKING: "within its thinking",
    Finish.PROMPT_TOO_LONG: "not begun: the prompt is longer than the context",
}


LONGEST = 160
"""Characters of a passage that are shown."""


def row_report(
    part: FinishedPart,
    recipe: Recipe,
    prompt: SeenPrompt | None,
    evidence: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """All that is known of one prompt of a row, as JSON values."""
    completion = part.completion
    report: dict[str, Any] = {
        "id": part.row_id,
        "part": part.part,
        "sample": part.sample,
        "question": part.question,
        "answered": completion is not None,
        "replaced": part.replaced,
        "degenerate": (part.degenerate or "").split(),
    }
    if completion is not None:
        report |= {
            "answer": given(part, recipe).text,
            "completion": completion.text,
            "thinking": completion.thinking,
            "finish": completion.finish.value,
            "prompt_tokens": completion.prompt_tokens,
            "completion_tokens": completion.completion_tokens,
        }
    if prompt is not None:
        report["prompt"] = {
            "text": prompt.text,
            "tokens": [token._asdict() for token in prompt.tokens],
            "same": prompt.same,
        }
    if evidence is not None:
        report["evidence"] = evidence
    return report


def print_row(
    report: dict[str, Any], prompt: SeenPrompt | None, *, thinking: bool, tokens: bool
) -> None:
    """A :func:`row_report` for people, with the ``thinking``, and with the prompt's ``tokens``."""
    print_facts(_facts(report))
    if prompt is not None:
        _section("Prompt")
        tell(prompt.marked)
        if tokens:
            tell()
            _print_tokens(prompt.tokens)
    if evidence := report.get("evidence"):
        _print_evidence(evidence)
    if thinking and report.get("thinking"):
        _section("Thinking")
        tell(report["thinking"])
    if report["answered"]:
        _section("Completion")
        tell(report["completion"])


def _facts(report: dict[str, Any]) -> list[tuple[str, str]]:
    facts = [("Row", report["id"]), ("Question", report["question"])]
    if not report["answered"]:
        return [*facts, ("Answer", "none yet")]
    thinking = report["thinking"]
    kinds = [kind.words for kind in Degenerate if kind in report["degenerate"]]
    return [
        *facts,
        ("Answer", report["answer"]),
        ("Ended", ENDED[Finish(report["finish"])]),
        ("Prompt", f"{report['prompt_tokens']} tokens"),
        ("Completion", f"{report['completion_tokens']} tokens"),
        ("Thinking", f"{len(thinking)} characters (--thinking)" if thinking else ""),
        ("Degenerate", few(kinds)),
        ("Replaced", "yes, the first answer was degenerate" if report["replaced"] else ""),
    ]


def _print_evidence(evidence: dict[str, Any]) -> None:
    _section("Evidence")
    judged = evidence["sufficient"] is not None
    for number, each in enumerate(evidence["rounds"], 1):
        kept = f", {len(each['kept'])} of them kept" if judged else ""
        tell(f"{number}. {each['method']}, k = {each['k']}: {each['found']} passages{kept}.")
        if number > 1:
            tell(f"   Query: {each['query']}")
    print_table(
        ["Passage", "Rank by", "Useful", "Text"],
        [
            (
                each["id"],
                ", ".join(f"{stage} {rank}" for stage, rank in each["ranks"].items()),
                "" if each["useful"] is None else f"{each['useful']:.2f}",
                shortened(each["text"], LONGEST),
            )
            for each in evidence["passages"]
        ],
    )
    if judged:
        tell(f"Sufficient: {evidence['sufficient']:.2f}")
    if evidence["dropped"] or evidence["cut"]:
        tell(
            f"Left out for lack of context: {evidence['dropped']} passages, {evidence['cut']} "
            "sentences."
        )


def _print_tokens(tokens: Iterable[SeenToken]) -> None:
    print_table(
        ["Id", "Token", ""],
        [(str(each.id), repr(each.text), "special" if each.special else "") for each in tokens],
        names=False,
    )


def _section(title: str) -> None:
    tell()
    tell(title, style="bold cyan")

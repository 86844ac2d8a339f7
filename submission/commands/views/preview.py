"""What ``leaderkit generate --plan`` prints."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from submission.errors import few
from submission.terminal.output import warn
from submission.terminal.tables import print_facts

if TYPE_CHECKING:
    from submission.generation.preview import Preview

GIB = 2**30


def to_json(found: Preview) -> dict[str, Any]:
    """Everything that is known of a job, as JSON values; memory in bytes."""
    return {
        **asdict(found),
        "longest": found.longest._asdict() if found.longest else None,
        "footprint": found.footprint._asdict() if found.footprint else None,
        "to_compute": found.to_compute,
        "at_once": found.at_once,
    }


def print_preview(found: Preview) -> None:
    """The same for people."""
    most = found.to_compute * found.max_tokens
    print_facts(
        [
            ("Run", found.run),
            ("Engine", found.engine),
            ("Rows", f"{found.rows:,}, asked in {found.prompts:,} prompts"),
            ("To compute", f"{found.to_compute:,} different prompts, {found.known:,} known"),
            ("Prompt tokens", f"{found.prompt_tokens:,}" if found.prompt_tokens else ""),
            ("Answer tokens", f"at most {most:,} ({found.max_tokens} each)"),
            ("To be sent", str(found.estimate or "")),
            ("Longest prompt", _longest(found)),
            ("Context", f"{found.context:,} tokens" if found.context else ""),
            *_memory(found),
        ]
    )
    if found.too_long:
        warn(
            f"{len(found.too_long)} rows have prompts longer than the context and get no answer: "
            f"{few(found.too_long)}"
        )
    for left_out, prompts in sorted(found.shots_left_out.items()):
        warn(f"{prompts} prompts are shown {left_out} examples less, for lack of context")
    if found.shortened:
        warn(
            f"{len(found.shortened)} rows have less room than sampling.max_tokens for the answer: "
            f"{few(found.shortened)}"
        )


def _longest(found: Preview) -> str:
    if found.longest is None or not found.longest.tokens:
        return ""
    return f"{found.longest.tokens:,} tokens (row {found.longest.id})"


def _memory(found: Preview) -> list[tuple[str, str]]:
    if found.footprint is None:
        return []
    weights, per_token, cache = found.footprint
    per_row = per_token * ((found.longest.tokens if found.longest else 0) + found.max_tokens)
    room = ""
    if cache is not None:
        room = f"{cache / GIB:.1f} GiB here"
        if found.at_once is not None:
            room += f", {found.at_once:,} rows as long as the longest at once"
    return [
        ("Weights", f"{weights / GIB:.2f} GiB"),
        (
            "Cache",
            f"{per_token / 1024:.1f} KiB a token, {per_row / GIB:.3f} GiB the longest row",
        ),
        ("Cache size", room),
        ("Free memory", f"{found.free / GIB:.1f} GiB" if found.free is not None else ""),
    ]

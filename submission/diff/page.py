"""A diff as one HTML file that opens anywhere and runs nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from submission.diff.make import Diff, Row
from submission.diff.word_diff import word_diff
from submission.files.atomic import atomic_file


def write_page(diff: Diff, rows: Sequence[Row], path: Path) -> None:
    """The rows as a page, whole or not at all.

    Every text is escaped. The page has no script, and forbids any, as well as everything that
    would be loaded from elsewhere.
    """
    with atomic_file(path) as handle:
        handle.write(page(diff, rows).encode())


def page(diff: Diff, rows: Sequence[Row]) -> str:
    """The page's text."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style = _file("page.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.from_string(_file("page.html")).render(
        diff=diff,
        rows=[(row, word_diff(row.first.answer, row.second.answer)) for row in rows],
        style=style,
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'",
    )


def _file(name: str) -> str:
    return resources.files("submission.diff").joinpath(name).read_text("utf-8")

"""The report as one HTML file that opens from disk and loads nothing."""

from __future__ import annotations

import base64
import hashlib
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from evaluators.report.payload import embedded_json
from evaluators.report.wording import say
from evaluators.text.cells import one_line

if TYPE_CHECKING:
    from evaluators.report.data import Report

_STYLES: Final = ("base.css", "tables.css", "figures.css", "rows.css", "phone.css")
_SCRIPTS: Final = (
    "base.js", "sorting.js", "board.js",
    "axes.js", "heat-map.js", "length.js", "calibration.js", "reliability.js",
    "small-tables.js", "figures.js",
    "rows.js", "row-controls.js", "row-list.js", "runs.js", "main.js",
)  # fmt: skip


def render_html(report: Report) -> str:
    """Return the page: styles, script and data in one text, for UTF-8.

    What models and people wrote reaches the browser as data and is shown as text nodes. The page's
    own policy admits its one script and its styles by their hash, forbids markup made from text
    (trusted types), and every request.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    style = style_sheet()
    script = _wrapped("\n".join(_file("script", name) for name in _SCRIPTS))
    return environment.from_string(_file("report.html")).render(
        report=report,
        title=one_line(report.title),
        competition=one_line(report.competition),
        say=lambda key: say(key, report.language),
        style=style,
        script=script,
        policy=_policy(style, script),
        data=embedded_json(report),
        version=version("leaderkit"),
    )


def _wrapped(script: str) -> str:
    return f'(() => {{\n"use strict";\n{script}}})();\n'


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src '{source_hash(style)}'; "
        f"script-src '{source_hash(script)}'; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


def style_sheet() -> str:
    """Return the report's styles as one sheet."""
    return "".join(_file("style", name) for name in _STYLES)


def source_hash(text: str) -> str:
    """Return what a page's policy admits an inline style or script by."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _file(*path: str) -> str:
    return files("evaluators.report").joinpath("page", *path).read_text("utf-8")

"""An exploration as one HTML file in the style of the report, which runs and loads nothing."""

from __future__ import annotations

import base64
import re
from importlib.resources import files
from typing import Any, Final

from baselines.corpus.explore.explored import Exploration
from baselines.corpus.explore.plots import drawings
from baselines.corpus.explore.tables import Table, tables
from evaluators.report.html import source_hash, style_sheet
from evaluators.text.cells import visible
from submission import __version__

_OWN_STYLE: Final = """
img { display: block; width: 100%; max-width: 52rem; height: auto; border-radius: 6px; }
"""
_NUMBER: Final = re.compile(r"[-−]?[\d,.]+%?|—|")


def render_page(found: Exploration) -> str:
    """Return the page, for UTF-8.

    What the data says is escaped; the page's policy admits its one style sheet by its hash and
    pictures that are part of it, no script and no request.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    source = files("baselines.corpus.explore").joinpath("page.html").read_text("utf-8")
    style = style_sheet() + _OWN_STYLE
    return environment.from_string(source).render(
        title=_shown(" and ".join(corpus.name for corpus in found.corpora)),
        corpora=found.corpora,
        figures=[
            {"title": each.title, "hint": each.hint, "svg": base64.b64encode(each.svg).decode()}
            for each in drawings(found)
        ],
        tables=[_table(each) for each in tables(found)],
        rules=found.rules,
        style=style,
        policy=(
            f"default-src 'none'; style-src '{source_hash(style)}'; img-src data:; "
            "base-uri 'none'; form-action 'none'"
        ),
        version=__version__,
    )


def _table(table: Table) -> dict[str, Any]:
    columns = range(len(table.headers))
    return {
        "title": table.title,
        "rules": table.rules,
        "headers": table.headers,
        "rows": [[_shown(cell) for cell in row] for row in table.rows],
        "numbers": {
            place for place in columns if all(_NUMBER.fullmatch(row[place]) for row in table.rows)
        },
    }


def _shown(text: str) -> str:
    """The text as UTF-8 can hold it, with characters that act made visible."""
    return visible(text).encode("utf-8", "replace").decode()

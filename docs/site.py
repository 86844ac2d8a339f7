"""The documentation site's hook: pages whose text stands elsewhere in the repository."""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.structure.nav import Navigation, Section
from mkdocs.structure.pages import Page

NAMES = Path(__file__).parents[1] / "evaluators" / "__init__.pyi"


def on_nav(nav: Navigation, **_: object) -> Navigation:
    """Put the overview of the competitions at the head of their pages, not beside them."""
    overview = next(page for page in nav.pages if page.file.src_uri == "competitions.md")
    sections = [each for each in nav.items if isinstance(each, Section)]
    section = next(each for each in sections if each.title == "Competitions")
    nav.items.remove(overview)
    section.children.insert(0, overview)
    overview.parent = section
    return nav


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Complete the Korean start page and the library's reference."""
    if page.file.src_uri == "ko.md":
        # It is README.ko.md, whose links start at the repository's root.
        return markdown.replace("](docs/", "](").replace("](README.md)", "](index.md)")
    if page.file.src_uri == "api.md":
        # The package resolves its names on first use; the stub says where each is.
        names = re.findall(r"^from \.(\S+) import (\w+)", NAMES.read_text("utf-8"), re.MULTILINE)
        return markdown + "".join(f"\n::: evaluators.{place}.{name}\n" for place, name in names)
    return markdown

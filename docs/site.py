"""The documentation site's hook: pages whose text stands elsewhere in the repository."""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.structure.pages import Page

NAMES = Path(__file__).parents[1] / "evaluators" / "__init__.pyi"


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

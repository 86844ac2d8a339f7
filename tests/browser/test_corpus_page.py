"""What a reader of an exploration sees."""

from pathlib import Path
from typing import Any

from baselines.corpus.explore.explored import Ways, explore
from baselines.corpus.explore.page import render_page
from baselines.corpus.record import Record, Source, encoder
from tests.browser.conftest import Opened

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'


def test_figures_show_nothing_is_refused_and_nothing_is_asked_for(
    browser: Any, tmp_path: Path
) -> None:
    source = tmp_path / "train.jsonl"
    source.write_bytes(
        encoder.encode_lines(
            [
                Record(
                    id=f"made:{number}",
                    source=Source("made", "a", str(number)),
                    task="qa",
                    question=f"{HOSTILE} {'벽지 ' * number}?",
                    answers=("풀칠합니다.",),
                    category=f"{HOSTILE}{number % 2}",
                )
                for number in range(12)
            ]
        )
    )
    page = tmp_path / "page.html"
    found = explore((source,), Ways(characters=0), say=lambda _: None)
    page.write_bytes(render_page(found).encode())
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.set_offline(True)
    opened = Opened(context, page)
    # A policy that refused a style or a picture would say so here.
    assert opened.said == []
    assert [url for url in opened.asked if not url.startswith(("file:", "data:"))] == []
    widths = opened.page.eval_on_selector_all("img", "all => all.map(each => each.naturalWidth)")
    assert len(widths) >= 2
    assert all(width > 0 for width in widths)
    wide = opened.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 390
    context.close()

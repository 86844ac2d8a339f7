"""A headless Chromium that can reach nothing but the file it is given."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from baselines.stand_ins.report import made_up_report
from evaluators.report.data import Report
from evaluators.report.html import render_html

CHROMIUM = shutil.which("chromium")


class Opened:
    """A page with what it said on the console, and what it asked the network for."""

    def __init__(self, context: Any, path: Path) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page = context.new_page()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", self._dismiss)
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())

    def _dismiss(self, dialog: Any) -> None:
        self.said.append("dialog")
        dialog.dismiss()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not installed: make setup-browser"
    )
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: make setup-browser")
    # Chromium has no sandbox for root, which containers run tests as.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    contexts: list[Any] = []

    def open_report(report: Report, **options: Any) -> Opened:
        path = tmp_path / f"report-{len(contexts)}.html"
        path.write_bytes(render_html(report).encode())
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        context.set_offline(True)
        contexts.append(context)
        return Opened(context, path)

    yield open_report
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def report() -> Report:
    return made_up_report()

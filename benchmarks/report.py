"""How long the report takes to make, to open and to answer, in headless Chromium.

    python benchmarks/report.py [--rows 5000] [--runs 8] [--repeat 5] [--json FILE]

Needs ``make setup-browser``. Opening ends when the page has answered its first frame after loading;
a search or filter ends with the frame that shows its result. Medians over the repetitions, each in
a new browser context.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from baselines.stand_ins.report import made_up_report  # noqa: E402
from evaluators.report.html import render_html  # noqa: E402
from evaluators.report.plots import render_plots  # noqa: E402

MOST_OPEN, MOST_FILTER = 3.0, 0.2

# From the event to the frame after it, in milliseconds.
TIMED = """([selector, event, value]) => new Promise((done) => {
  const field = document.querySelector(selector);
  const start = performance.now();
  if (event === "click") field.click();
  else { field.value = value; field.dispatchEvent(new Event(event, { bubbles: true })); }
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
})"""
FRAME = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"

STEPS = {
    "first search": ("#search", "input", "결로"),
    "search, one more letter": ("#search", "input", "결로가"),
    "search that finds nothing": ("#search", "input", "없는 말입니다"),
    "search emptied": ("#search", "input", ""),
    "filter by category": ("#filter-category", "change", "바닥재"),
    "filter by degenerate kind": ("#filter-degenerate", "change", "cut_off"),
    "filter by outcome": ("#outcome", "change", "worse"),
    "sort by a run": ('.rows [data-sort="run-0"]', "click", ""),
    "open all rows of the page": ("#open-all", "click", ""),
    "change the language": ("#language", "click", ""),
}


def measure(page_file: Path, repeat: int) -> dict[str, float]:
    """Return the median seconds of opening and of every step."""
    from playwright.sync_api import sync_playwright

    times: dict[str, list[float]] = defaultdict(list)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        for _ in range(repeat):
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            start = time.perf_counter()
            page.goto(page_file.as_uri())
            page.evaluate(FRAME)
            times["open"].append(time.perf_counter() - start)
            for name, step in STEPS.items():
                times[name].append(page.evaluate(TIMED, list(step)) / 1000)
            page.context.close()
        browser.close()
    return {name: statistics.median(each) for name, each in times.items()}


def main() -> int:
    """Measure, print a table, and return 1 where something is too slow."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--runs", type=int, default=8)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    report = made_up_report(arguments.rows, arguments.runs)
    with tempfile.TemporaryDirectory() as folder:
        page_file = Path(folder) / "report.html"
        start = time.perf_counter()
        page_file.write_bytes(render_html(report).encode())
        made = time.perf_counter() - start
        start = time.perf_counter()
        render_plots(report)
        plotted = time.perf_counter() - start
        size = page_file.stat().st_size / 2**20
        found = measure(page_file, arguments.repeat)
    print(f"{arguments.rows} rows x {arguments.runs} runs: {size:.1f} MiB of HTML")
    print(f"{'make the page':<28}{made:8.3f} s")
    print(f"{'make the plots':<28}{plotted:8.3f} s")
    slow = False
    for name, seconds in found.items():
        most = MOST_OPEN if name == "open" else MOST_FILTER
        slow |= seconds > most
        print(f"{name:<28}{seconds:8.3f} s  {'' if seconds <= most else f'over {most:g} s'}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"make": made, "plots": plotted, **found}, indent=2))
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())

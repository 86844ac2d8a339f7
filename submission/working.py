"""A word on standard error while a metric works: a spinner on a terminal, a line elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

PATIENCE = 10.0
"""Seconds between lines where there is no terminal; shorter work is not mentioned."""


@contextmanager
def working(name: str, rows: int) -> Iterator[None]:
    """Tell that the metric ``name`` scores ``rows`` rows, and for how long."""
    label = f"{name}: {rows:,} rows"
    if sys.stderr.isatty():
        with Console(stderr=True).status(label):
            yield
        return
    started, done = time.monotonic(), threading.Event()

    def tell() -> None:
        while not done.wait(PATIENCE):
            sys.stderr.write(f"{label}, {time.monotonic() - started:.0f} s so far\n")
            sys.stderr.flush()

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()

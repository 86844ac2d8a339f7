"""How long the rest of a job takes, from what has been done of it.

Rows are no measure: the longest prompts come first, answers end when they like, and a batch of
hundreds finishes almost at once. What takes time is tokens, those of prompts and those written.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from submission.engines.base import Completion, Finish, Load, Outcome, Request, Work

SAMPLE_SECONDS = 0.2
"""Time between two looks at the work done, at least: shorter ones measure noise."""

FEWEST_SAMPLES = 4
"""Below this the two costs cannot be told apart."""


@dataclass(frozen=True)
class Rest:
    """What is left of a job, in tokens: of prompts to be read, and expected of answers.

    ``attended`` are those before each of an answer's, where the engine counts them.
    """

    prompt_tokens: float
    completion_tokens: float
    attended: float = 0.0


@dataclass(frozen=True)
class Expected:
    """Seconds that work is expected to take, and between which it may well lie."""

    seconds: float
    low: float
    high: float


def of_all_lengths(requests: Sequence[Request], count: int) -> list[Request]:
    """``count`` of the requests, evenly over the lengths of their prompts."""
    ordered = sorted(requests, key=lambda request: len(request.tokens))
    places = np.linspace(0, len(ordered) - 1, min(count, len(ordered))).round().astype(int)
    return [ordered[place] for place in dict.fromkeys(places.tolist())]


def extrapolate(
    probe: Sequence[Request], written: int, seconds: float, every: Sequence[Request]
) -> Expected:
    """How long the rest of ``every`` takes, where the ``probe`` among them took ``seconds``.

    All tokens count alike, ``written`` ones and those of prompts. The range is a tenth for the
    machine, and two standard errors of the mean length of an answer where lengths are distributed
    geometrically, as :class:`Forecast` takes them to be (standard deviation = mean).
    """
    read = sum(len(request.tokens) for request in probe)
    rest = len(every) - len(probe)
    left = sum(len(request.tokens) for request in every) - read + rest * written / len(probe)
    middle = seconds * left / max(read + written, 1)
    spread = 0.1 + 2 / math.sqrt(max(len(probe), 1))
    return Expected(middle, middle * max(1 - spread, 0.0), middle * (1 + spread))


class Forecast:
    """Watches the requests of a job while they are answered, ``max_tokens`` each at most.

    ``in_flight`` tells what the engine has done of rows that are not finished; where it pads its
    rows, ``load`` tells all that it computes. May be asked from another thread.
    """

    def __init__(
        self,
        requests: Iterable[Request],
        max_tokens: int,
        in_flight: Callable[[], Work] | None = None,
        load: Callable[[], Load] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._prompts = {request.key: len(request.tokens) for request in requests}
        self._all_prompt_tokens = sum(self._prompts.values())
        self._left = len(self._prompts)
        self._max_tokens = max_tokens
        self._in_flight = in_flight
        self._load = load
        self._before = load().done if load is not None else Work(0, 0)
        self._lock = threading.Lock()
        self._estimate: tuple[float, Work, float] | None = None
        self._clock = clock
        self._done = Work(0, 0)
        self._stopped = 0
        self._started = clock()
        self._looks: list[tuple[float, Work]] = [(self._started, Work(0, 0))]

    def finished(self, outcomes: Iterable[Outcome]) -> None:
        """Take note of what one step finished."""
        with self._lock:
            self._finished(outcomes)

    def _finished(self, outcomes: Iterable[Outcome]) -> None:
        read, written, _ = self._done
        for each in outcomes:
            self._left -= 1
            read += self._prompts.get(each.key, 0)
            if isinstance(each, Completion):
                written += each.completion_tokens
                self._stopped += each.finish is Finish.STOP
        self._done = Work(read, written)
        self._look()

    def _look(self) -> Work:
        work, now = self._work(), self._clock()
        before, last = self._looks[-1]
        # What shows at the end of a long step, such as the reading of a batch's prompts, took the
        # time since anything showed.
        if now - before >= SAMPLE_SECONDS and work != last:
            self._looks.append((now, work))
        return work

    def left(self) -> float | None:
        """Seconds until the last row is answered; None before anything is known.

        While nothing more is known of the work, they count down.
        """
        with self._lock:
            work, now = self._look(), self._clock()
            if not work.written and not work.read:
                return None
            if self._estimate is None or self._estimate[1] != work:
                self._estimate = (now, work, self._seconds(work, now - self._started))
            at, _, seconds = self._estimate
            return max(seconds - (now - at), 0.0)

    def _seconds(self, work: Work, elapsed: float) -> float:
        rest = self.rest()
        costs = self._costs()
        if costs is None:
            done = work.read + work.written
            return elapsed * (rest.prompt_tokens + rest.completion_tokens) / max(done, 1)
        return float(costs @ (rest.prompt_tokens, rest.completion_tokens, rest.attended))

    def rest(self) -> Rest:
        """What is left. An answer is taken to end with the same chance at each of its tokens.

        That chance is estimated from finished answers, and from the tokens of those that have not
        ended yet or ran into the limit (a geometric distribution, with censored observations).
        """
        work = self._work()
        if self._load is not None:
            return self._padded(self._load())
        ahead = max(work.written - self._done.written, 0)
        each = ahead / self._left if self._left else 0.0
        room = max(self._max_tokens - each, 0.0)
        chance = self._stopped / work.written if work.written else 0.0
        expected = room if chance == 0 else (1 - (1 - min(chance, 1.0)) ** room) / chance
        return Rest(max(self._all_prompt_tokens - work.read, 0), self._left * expected)

    def _padded(self, load: Load) -> Rest:
        """What is left of the engine's load, and as much per row of what it was not handed yet."""
        begun = len(self._prompts) - self._left + load.rows
        more = (self._left - load.rows) / begun if begun else 0.0
        read, written, attended = (
            rest + (rest + done - before) * max(more, 0.0)
            for rest, done, before in zip(load.rest, load.done, self._before, strict=True)
        )
        return Rest(read, written, attended)

    def _work(self) -> Work:
        if self._load is not None:
            done = self._load().done
            return Work(*(now - then for now, then in zip(done, self._before, strict=True)))
        if self._in_flight is None:
            return self._done
        more = self._in_flight()
        return Work(self._done.read + more.read, self._done.written + more.written)

    def _costs(self) -> NDArray[np.float64] | None:
        """Seconds per token of a prompt, written and attended, by least squares."""
        from scipy.optimize import nnls

        if len(self._looks) <= FEWEST_SAMPLES:
            return None
        times = np.diff([moment for moment, _ in self._looks])
        work = np.diff(np.array([work for _, work in self._looks], dtype=np.float64), axis=0)
        costs, _ = nnls(np.maximum(work, 0.0), times)
        return np.asarray(costs, dtype=np.float64) if costs.any() else None

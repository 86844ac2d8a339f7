"""The time left, of engines whose true speed is known."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
import pytest

from submission.engines.base import Completion, Finish, Request, Work
from submission.engines.transformers.load import BatchLoad
from submission.generation.forecast import Forecast, Rest, extrapolate, of_all_lengths
from submission.records.rows import Question

QUESTION = Question("", "", "", {})
Lengths = Callable[[np.random.Generator, int], np.ndarray]


def requests(sizes: np.ndarray) -> list[Request]:
    return [Request(str(n), QUESTION, "", (1,) * int(size)) for n, size in enumerate(sizes)]


def completion(request: Request, written: int, most: int) -> Completion:
    finish = Finish.LENGTH if written >= most else Finish.STOP
    return Completion(request.key, "", finish, len(request.tokens), written)


LENGTHS: dict[str, Lengths] = {
    "answers end at any token": lambda rng, n: rng.geometric(1 / 60, n),
    "answers of about one length": lambda rng, n: rng.normal(60, 5, n).astype(int),
    "answers that all reach the limit": lambda _, n: np.full(n, 128),
}


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS.keys())
@pytest.mark.parametrize("cost", [(0.001, 0.01), (0.01, 0.01)], ids=["reading is cheap", "as dear"])
def test_batches_longest_first_are_forecast_within_a_fifth_after_a_tenth(
    lengths: Lengths, cost: tuple[float, float]
) -> None:
    rng = np.random.default_rng(7)
    most, at_once = 128, 10
    asked = sorted(requests(rng.integers(20, 400, 400)), key=lambda each: -len(each.tokens))
    written = np.clip(lengths(rng, len(asked)), 1, most)
    now = 0.0
    forecast = Forecast(asked, most, clock=lambda: now)
    told = None
    for place in range(0, len(asked), at_once):
        batch = asked[place : place + at_once]
        tokens = written[place : place + at_once]
        now += sum(len(each.tokens) for each in batch) * cost[0] + tokens.sum() * cost[1]
        forecast.finished(
            completion(each, int(n), most) for each, n in zip(batch, tokens, strict=True)
        )
        if told is None and place + at_once >= len(asked) / 10:
            told = (now, forecast.left())
    assert told is not None
    moment, left = told
    assert left == pytest.approx(now - moment, rel=0.2)


# Where all rows run at once, the first that end do not tell when rows of about one length will.
@pytest.mark.parametrize(
    ("lengths", "at_once"),
    [(lengths, 32) for lengths in LENGTHS.values()]
    + [
        (LENGTHS["answers end at any token"], 400),
        (LENGTHS["answers that all reach the limit"], 400),
    ],
)
def test_continuous_batching_is_forecast_within_a_fifth_after_a_tenth(
    lengths: Lengths, at_once: int
) -> None:
    rng = np.random.default_rng(11)
    most = 128
    asked = requests(rng.integers(20, 60, 400))
    written = np.clip(lengths(rng, len(asked)), 1, most)
    now, waiting = 0.0, list(range(len(asked)))
    running: dict[int, int] = {}

    def in_flight() -> Work:
        begun = [n for n, tokens in running.items() if tokens]
        return Work(sum(len(asked[n].tokens) for n in begun), sum(running.values()))

    forecast = Forecast(asked, most, in_flight, clock=lambda: now)
    done, told = 0, None
    while waiting or running:
        fresh = [waiting.pop(0) for _ in range(min(at_once - len(running), len(waiting)))]
        running.update(dict.fromkeys(fresh, 0))
        now += sum(len(asked[n].tokens) for n in fresh) * 0.002 + len(running) * 0.01
        ended = []
        for n in running:
            running[n] += 1
            if running[n] == written[n]:
                ended.append(n)
        for n in ended:
            running.pop(n)
        forecast.finished(completion(asked[n], int(written[n]), most) for n in ended)
        done += len(ended)
        if told is None and done >= len(asked) / 10:
            told = (now, forecast.left())
    assert told is not None
    moment, left = told
    assert left == pytest.approx(now - moment, rel=0.2)


def test_nothing_is_forecast_before_anything_is_done() -> None:
    assert Forecast(requests(np.array([5, 6])), 10).left() is None


def test_a_probe_is_of_all_lengths_and_its_time_is_extrapolated_by_tokens() -> None:
    every = requests(np.arange(10, 110))
    probe = of_all_lengths(every, 5)
    assert [len(each.tokens) for each in probe] == [10, 35, 60, 84, 109]
    assert of_all_lengths(every[:3], 10) == every[:3]
    read, written, rest = 298, 100, sum(range(10, 110)) - 298
    expected = extrapolate(probe, written, 2.0, every)
    assert expected.seconds == pytest.approx(2.0 * (rest + 95 * 20) / (read + written))
    assert expected.low < expected.seconds < expected.high


# When rows of about one length end is not known before the first of them do.
@pytest.mark.parametrize(
    ("lengths", "share"),
    [(lengths, 1.0) for lengths in LENGTHS.values()]
    + [
        (LENGTHS["answers end at any token"], 0.4),
        (LENGTHS["answers that all reach the limit"], 0.4),
    ],
)
def test_padded_batches_are_forecast_within_a_fifth_from_the_first_on(
    lengths: Lengths, share: float
) -> None:
    rng = np.random.default_rng(3)
    most, at_once, step, read, attended = 128, 40, 0.15, 0.002, 3e-5
    asked = sorted(requests(rng.integers(20, 60, 240)), key=lambda each: -len(each.tokens))
    written = np.clip(lengths(rng, len(asked)), 1, most)
    batches = [asked[place : place + at_once] for place in range(0, len(asked), at_once)]
    load = BatchLoad(most)
    waiting = deque(batches)
    load.wait(waiting)
    now, told = 0.0, None
    forecast = Forecast(asked, most, load=load.load, clock=lambda: now)
    for number in range(len(batches)):
        batch = waiting.popleft()
        tokens = written[number * at_once : (number + 1) * at_once]
        width = len(batch[0].tokens)
        load.begin(len(batch), width, most)
        now += len(batch) * width * read
        for place in range(1, tokens.max() + 1):
            now += step + len(batch) * (width + place) * attended
            load.step(int((tokens > place).sum()))
            left = forecast.left()
            if told is None and place >= share * tokens.max():
                told = (now, left)
        load.end()
        forecast.finished(
            completion(each, int(n), most) for each, n in zip(batch, tokens, strict=True)
        )
    assert told is not None
    moment, left = told
    assert left == pytest.approx(now - moment, rel=0.2)
    assert forecast.left() == 0.0


def test_rows_that_the_engine_was_not_handed_take_as_long_as_the_others() -> None:
    load = BatchLoad(10)
    asked = requests(np.full(40, 30))
    now = 0.0
    forecast = Forecast(asked, 10, load=load.load, clock=lambda: now)
    load.wait([])
    load.begin(10, 30, 10)
    for _ in range(10):
        now += 1.0
        load.step(10)
    load.end()
    forecast.finished(completion(each, 10, 10) for each in asked[:10])
    assert forecast.rest() == Rest(900, 300, 10_500)
    assert forecast.left() == pytest.approx(30.0, rel=0.05)


def test_the_time_left_counts_down_until_more_is_known() -> None:
    now = 0.0
    asked = requests(np.full(4, 10))
    forecast = Forecast(asked, 5, clock=lambda: now)
    now = 10.0
    forecast.finished([completion(asked[0], 5, 5)])
    assert forecast.left() == pytest.approx(30.0)
    now = 16.0
    assert forecast.left() == pytest.approx(24.0)
    now = 90.0
    assert forecast.left() == 0.0

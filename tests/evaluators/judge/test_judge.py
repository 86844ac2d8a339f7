from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np
import pytest

from evaluators import EvaluationError, Example, build_metric, score_examples
from evaluators.judge.verdict import Scale
from evaluators.metrics.judge import Judge
from evaluators.progress import listening
from evaluators.significance import compare_answers
from tests.evaluators.judge.chat_server import Answer, Respond, chat_server, failure

KEY = "sk-test-0123456789"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def examples(*answers: str) -> list[Example]:
    return [
        Example(str(n), answer, (f"참조 {n}",), meta={"question": f"질문 {n}"})
        for n, answer in enumerate(answers)
    ]


def judge(url: str, **options: Any) -> Judge:
    return Judge("judge-1", base_url=url, **{"retries": 2, **options})


def by_answer(verdicts: dict[str, str]) -> Respond:
    return lambda prompt, _before: Answer(
        next(text for answer, text in verdicts.items() if f"\n{answer}\n" in prompt)
    )


def test_scores_become_shares_of_the_scale() -> None:
    with chat_server(by_answer({"좋음": "근거 [[5]]", "나쁨": "[[1]]", "중간": "[[3]]"})) as log:
        metric = judge(log.url, scale=Scale(1, 5))
        rows = metric.rows(examples("좋음", "나쁨", "중간"))
    assert rows.tolist() == [1.0, 0.0, 0.5]
    assert {request["temperature"] for request in log.requests} == {0}
    assert {request["model"] for request in log.requests} == {"judge-1"}
    assert "질문 0" in "".join(log.prompts)
    assert "참조 0" in "".join(log.prompts)
    assert "1점에서 5점" in log.prompts[0]


def test_a_judge_that_likes_the_first_place_gives_a_tie_in_both_orders() -> None:
    with chat_server(lambda *_: Answer("[[A]]")) as log:
        one = judge(log.url, mode="pairwise", orders="answer-first")
        other = judge(log.url, mode="pairwise", orders="answer-second")
        both = judge(log.url, mode="pairwise")
        rows = examples("답변 하나")
        found = [metric.rows(rows).tolist() for metric in (one, other, both)]
    assert found == [[1.0], [0.0], [0.5]]
    assert both.report.inconsistent == 1
    assert one.report.inconsistent == 0


def test_a_fair_judge_prefers_the_same_text_in_either_place() -> None:
    def fair(prompt: str, _before: int) -> Answer:
        first = prompt.index("<답변 A>\n좋은 답") if "<답변 A>\n좋은 답" in prompt else None
        return Answer("[[A]]" if first is not None else "[[B]]")

    with chat_server(fair) as log:
        metric = judge(log.url, mode="pairwise")
        assert metric.rows(examples("좋은 답")).tolist() == [1.0]
    assert len(log.requests) == 2
    assert metric.report.inconsistent == 0


def test_replies_without_a_verdict_leave_their_rows_unscored_and_are_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    replies = {"하나": "[[10]]", "둘": "모르겠습니다", "셋": "[[99]]", "넷": "[[1]]"}
    with chat_server(by_answer(replies)) as log, caplog.at_level(logging.WARNING):
        metric = judge(log.url)
        found = score_examples(metric, examples("하나", "둘", "셋", "넷"), resamples=99)
    assert np.isnan(found.rows).tolist() == [False, True, True, False]
    assert (found.value, found.n, found.unscored) == (0.5, 2, 2)
    assert metric.report.problems == (("a reply without a verdict", 2),)
    assert "2 of 4 rows are unscored: 2 with a reply without a verdict" in caplog.text


def test_one_order_without_a_verdict_leaves_the_row_unscored() -> None:
    def half(prompt: str, _before: int) -> Answer:
        return Answer("[[A]]" if "<답변 A>\n하나" in prompt else "글쎄요")

    def whole(prompt: str, before: int) -> Answer:
        return Answer("[[C]]") if "\n둘\n" in prompt else half(prompt, before)

    with chat_server(whole) as log:
        rows = judge(log.url, mode="pairwise").rows(examples("하나", "둘"))
    assert np.isnan(rows[0])
    assert rows[1] == 0.5


def test_two_systems_are_compared_on_rows_that_both_have_a_score_for() -> None:
    replies = {"상": "[[10]]", "하": "[[1]]", "무": "?"}
    with chat_server(by_answer(replies)) as log:
        result = compare_answers(judge(log.url), examples(*"상상무상"), examples(*"하하하무"))
    assert (result.wins, result.losses, result.difference) == (2, 0, 1.0)


def test_no_verdict_anywhere_blames_the_rubric() -> None:
    with (
        chat_server(lambda *_: Answer("8점입니다")) as log,
        pytest.raises(EvaluationError, match=r"no row could be scored.*\[\[7\]\]"),
    ):
        judge(log.url).rows(examples("하나", "둘"))


TROUBLES = {
    "429 with a wait": failure(429, "rate_limit_exceeded", retry_after="0.02"),
    "429": failure(429, "rate_limit_exceeded"),
    "408": failure(408, retry_after_ms="10"),
    "500": failure(500, retry_after_ms="10"),
    "503 until a past date": failure(503, retry_after="Thu, 01 Jan 1970 00:00:00 GMT"),
    "json": Answer(raw=b"{not json"),
    "html": Answer(raw=b"<html>busy</html>", headers={"Content-Type": "text/html"}),
    "no choice": Answer(raw=b'{"object": "chat.completion", "choices": []}'),
    "no message": Answer(raw=b'{"choices": [{"index": 0}]}'),
    "hang-up": Answer(hang_up=True),
    "reset": Answer(reset=True),
    "slow": Answer(delay_s=1.5),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_what_passes_is_tried_again(trouble: Answer) -> None:
    with chat_server(lambda _, before: Answer("[[10]]") if before else trouble) as log:
        rows = judge(log.url, timeout_s=0.5).rows(examples("하나"))
    assert rows.tolist() == [1.0]
    assert len(log.requests) == 2


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [({"retry_after": "1.5"}, 1.5, 3.0), ({"retry_after_ms": "20"}, 0.02, 0.3), ({}, 0.37, 1.5)],
    ids=["seconds", "milliseconds", "none"],
)
def test_a_busy_server_is_left_alone_as_long_as_it_asks(
    headers: dict[str, str], least: float, most: float
) -> None:
    def busy(_prompt: str, before: int) -> Answer:
        return Answer() if before else failure(429, **headers)

    with chat_server(busy) as log:
        judge(log.url).rows(examples("하나"))
    assert least <= log.times[1] - log.times[0] <= most


def test_a_server_that_wants_quiet_refuses_no_more_than_the_requests_at_a_time() -> None:
    start = time.monotonic()

    def limited(_prompt: str, _before: int) -> Answer:
        left = start + 2 - time.monotonic()
        return failure(429, retry_after=f"{left + 0.05:.2f}") if left > 0 else Answer("[[10]]")

    with chat_server(limited) as log:
        rows = judge(log.url, concurrency=3).rows(examples(*(f"답 {n}" for n in range(12))))
    assert rows.tolist() == [1.0] * 12
    assert len(log.requests) == 12 + 3


def test_a_request_is_given_up_after_its_retries() -> None:
    def down(prompt: str, _before: int) -> Answer:
        return failure(500, retry_after_ms="10") if "\n하나\n" in prompt else Answer()

    with chat_server(down) as log:
        metric = judge(log.url, retries=3)
        assert np.isnan(metric.rows(examples("하나", "둘"))).tolist() == [True, False]
    assert len(log.requests) == 1 + 3 + 1
    assert metric.report.problems == (("HTTP 500", 1),)


def test_a_wait_beyond_reason_is_not_waited_for() -> None:
    def busy(prompt: str, _before: int) -> Answer:
        return failure(429, retry_after="3600") if "\n하나\n" in prompt else Answer()

    with chat_server(busy) as log:
        metric = judge(log.url)
        rows = metric.rows(examples("하나", "둘"))
    assert np.isnan(rows).tolist() == [True, False]
    assert metric.report.problems == (("HTTP 429", 1),)
    assert len(log.requests) == 2


def test_a_row_that_the_server_refuses_is_unscored_and_asked_once() -> None:
    def refuse(prompt: str, _before: int) -> Answer:
        return failure(400, message="too long") if "\n하나\n" in prompt else Answer()

    with chat_server(refuse) as log:
        metric = judge(log.url)
        assert np.isnan(metric.rows(examples("하나", "둘"))).tolist() == [True, False]
    assert len(log.requests) == 2
    assert metric.report.problems == (("HTTP 400", 1),)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (failure(429, "insufficient_quota"), "quota is used up"),
        (failure(401, message=f"bad key {KEY}"), "set OPENAI_API_KEY"),
        (failure(403), "does not permit"),
        (failure(404), "check model and base_url"),
    ],
)
def test_what_fails_every_request_stops_at_once(
    answer: Answer, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    with chat_server(lambda *_: answer) as log, pytest.raises(EvaluationError) as caught:
        judge(log.url, concurrency=1).rows(examples(*(f"답 {n}" for n in range(50))))
    assert message in str(caught.value)
    assert len(log.requests) <= 2
    assert log.keys[0] == f"Bearer {KEY}"
    assert KEY not in f"{caught.value!r}{caught.value.__cause__!r}{caplog.text}"


def test_the_true_reason_is_told_even_if_another_row_was_waiting() -> None:
    def mixed(prompt: str, _before: int) -> Answer:
        if "\n하나\n" in prompt:
            return failure(500, retry_after="60")
        return Answer(raw=b"{}", status=401, delay_s=0.1)

    start = time.monotonic()
    with chat_server(mixed) as log, pytest.raises(EvaluationError, match="refuses the key"):
        judge(log.url, concurrency=2).rows(examples("하나", "둘"))
    assert time.monotonic() - start < 20


def test_an_interrupt_waits_for_no_retry() -> None:
    start = time.monotonic()
    with chat_server(lambda *_: failure(429, retry_after="60")) as log:
        Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            judge(log.url).rows(examples("하나", "둘"))
    assert time.monotonic() - start < 20


def test_a_running_event_loop_does_not_matter() -> None:
    async def notebook(metric: Judge) -> list[float]:
        return metric.rows(examples("하나")).tolist()

    # In a thread of its own: this one may have a loop that runs, such as a browser's.
    with chat_server(lambda *_: Answer("[[10]]")) as log, ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, notebook(judge(log.url))).result() == [1.0]


def test_a_server_that_fails_every_request_is_given_up_with_its_words() -> None:
    with chat_server(lambda *_: failure(400, message=f"no {KEY} temperature")) as log:
        metric = judge(log.url, concurrency=1)
        with pytest.raises(EvaluationError, match=r"10 requests in a row.*HTTP 400") as caught:
            metric.rows(examples(*(f"답 {n}" for n in range(100))))
    assert "[key] temperature" in str(caught.value)
    assert KEY not in str(caught.value)
    assert len(log.requests) == 10


def test_few_rows_that_all_fail_tell_what_the_server_said() -> None:
    with (
        chat_server(lambda *_: failure(400, message="temperature is not supported")) as log,
        pytest.raises(EvaluationError, match=r"2 with HTTP 400: .*temperature is not supported"),
    ):
        judge(log.url).rows(examples("하나", "둘"))


def test_a_server_that_is_not_there_is_an_error() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(EvaluationError, match="no connection"):
        judge(f"http://127.0.0.1:{port}/v1").rows(examples("하나"))


def test_requests_at_a_time_are_bounded() -> None:
    with chat_server(lambda *_: Answer(delay_s=0.05)) as log:
        judge(log.url, concurrency=3).rows(examples(*(f"답 {n}" for n in range(12))))
    assert len(log.requests) == 12
    assert 1 < log.most_at_once <= 3


def test_equal_prompts_are_asked_once_and_replies_are_cached(tmp_path: Path) -> None:
    same = [Example(str(n), "같은 답", ("참조",)) for n in range(5)]
    file = str(tmp_path / "replies.jsonl")
    with chat_server(lambda *_: Answer()) as log:
        metric = judge(log.url, cache=file)
        metric.rows(same)
        metric.rows(same)
        assert metric.report.cached == 5
        judge(log.url, cache=file).rows(same)
        assert len(log.requests) == 1
        judge(log.url, cache=file, max_tokens=5).rows(same)
        assert len(log.requests) == 2
    assert KEY not in (tmp_path / "replies.jsonl").read_text(encoding="utf-8")


def test_replies_had_before_a_failure_are_kept() -> None:
    def spent(prompt: str, before: int) -> Answer:
        if "\n셋\n" in prompt and not before:
            return failure(429, "insufficient_quota")
        return Answer()

    with chat_server(spent) as log:
        metric = judge(log.url, concurrency=1)
        with pytest.raises(EvaluationError, match="quota"):
            metric.rows(examples("하나", "둘", "셋"))
        metric.rows(examples("하나", "둘", "셋"))
    assert len(log.requests) == 4


def test_the_signature_names_what_decides_the_verdict_and_no_secret(tmp_path: Path) -> None:
    rubric = tmp_path / "mine.txt"
    rubric.write_text("{answer} [[1]]", encoding="utf-8")
    url = "http://user:pass@127.0.0.1:9/v1"
    mine = dict(judge(url, rubric=str(rubric), scale=Scale(0, 5)).signature.options)
    before = mine.pop("rubric")
    assert before.startswith("mine.txt@")
    assert mine == {
        "model": "judge-1", "server": "127.0.0.1:9", "mode": "pointwise", "scale": "0-5",
        "temperature": "0",
    }  # fmt: skip
    pair = str(judge(url, mode="pairwise").signature)
    assert "|mode:pairwise|orders:both|rubric:default@" in pair
    assert "|refs:first|" in pair
    assert "pass" not in pair.replace("pairwise", "")
    rubric.write_text("{answer} [[2]]", encoding="utf-8")
    changed = judge(url, rubric=str(rubric), scale=Scale(0, 5)).signature
    assert dict(changed.options)["rubric"] != before


def test_a_rubric_without_a_reference_needs_none(tmp_path: Path) -> None:
    rubric = tmp_path / "free.txt"
    rubric.write_text("{answer}", encoding="utf-8")
    alone = [Example("1", "답", ())]
    with chat_server(lambda *_: Answer("[[10]]")) as log:
        assert judge(log.url, rubric=str(rubric)).rows(alone).tolist() == [1.0]
        with pytest.raises(EvaluationError, match="no reference"):
            judge(log.url).rows(alone)


def test_a_spec_reaches_the_judge(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with chat_server(lambda *_: Answer("[[3]]")) as log:
        metric = build_metric(f"judge:model=m,base_url={log.url},scale=1-5,concurrency=2")
        assert metric.rows(examples("답")).tolist() == [0.5]
        monkeypatch.setenv("OPENAI_BASE_URL", log.url)
        monkeypatch.delenv("OPENAI_API_KEY")
        free = build_metric("judge:model=m,mode=pairwise,orders=answer-first")
        with pytest.raises(EvaluationError, match=r"\[\[A\]\]"):
            free.rows(examples("답"))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("judge", "judge needs a model"),
        ("judge:model=m", "OPENAI_BASE_URL"),
        ("judge:model=m,mode=listwise", "pointwise, pairwise"),
        ("judge:model=m,base_url=http://127.0.0.1:9/v1,scale=9", "1-10"),
        ("judge:model=m,base_url=http://127.0.0.1:9/v1,concurrency=0", "above 0"),
        ("judge:model=m,api_key=sk-1", "no option 'api_key'"),
    ],
)
def test_a_bad_spec_says_what_is_lacking(
    spec: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with pytest.raises(EvaluationError, match=message):
        build_metric(spec)


def test_another_server_is_asked_again_and_named_without_its_secrets(tmp_path: Path) -> None:
    kept = str(tmp_path / "replies.jsonl")
    with (
        chat_server(lambda *_: Answer("[[3]]")) as one,
        chat_server(lambda *_: Answer("[[9]]")) as two,
    ):
        first = judge(one.url, cache=kept)
        assert first.rows(examples("가"))[0] == pytest.approx(2 / 9)
        second = judge(two.url, cache=kept)
        assert second.rows(examples("가"))[0] == pytest.approx(8 / 9)
        assert judge(two.url, cache=kept).rows(examples("가"))[0] == pytest.approx(8 / 9)
        assert len(one.requests) == len(two.requests) == 1
    assert first.signature != second.signature
    secret = judge("http://name:secret@judge.example:8000/v1?key=secret").signature
    assert "|server:judge.example:8000|" in str(secret)
    assert "secret" not in str(secret)


def test_replies_are_counted_as_they_come() -> None:
    told: list[object] = []

    class Ear:
        def begin(self, total: int, unit: str) -> None:
            told.append((total, unit))

        def advance(self, count: int) -> None:
            told.append(count)

    with chat_server(lambda *_: Answer("[[3]]")) as log, listening(Ear()):
        judge(log.url).rows(examples("가", "나"))
    assert told == [(2, "replies"), 1, 1]

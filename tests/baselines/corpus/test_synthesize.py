"""Records that a model writes: read, checked against their documents, paid once, in a budget."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from baselines.corpus import folder as folders
from baselines.corpus.execute import Outcome
from baselines.corpus.folder import Corpus
from baselines.corpus.record import Record
from baselines.corpus.synthesize.step import Synthesize
from baselines.corpus.synthesize.tasks import Pair, read_reply
from submission.engines.openai import concurrency, dispatch
from submission.errors import InputError, Stopped
from tests.baselines.corpus.commanded import contents, kill_after
from tests.baselines.corpus.made import corpus_of, question, records, run
from tests.submission.engines.openai.openai_server import Fault, Log, openai_server, refused

RECIPE = """
name = "served"
[model]
name = "served"
[engine]
name = "openai"
[engine.openai]
base_url = "{url}"
timeout = 20.0
deadline = 20.0
prices = {{ input = 1.0, output = 1.0, currency = "USD" }}
[sampling]
max_tokens = 64
[prompt]
chat = true
template = "{{{{ question }}}}"
"""
BODY = "거실 벽지가 들떠서 풀을 다시 바르고 하루 동안 말렸다."
# The server says its prompt again, so that a prompt that holds JSON is its own reply.
PAIR = '{"question": "무엇을 발랐나요?", "answer": {{ document | tojson }}}'


def document(number: int, text: str = BODY, **other: Any) -> Record:
    return question(number, documents=(f"{number}번 방. {text}",), **other)


def replied(text: str) -> bytes:
    """The body of a server's reply."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    usage = {"prompt_tokens": 3, "completion_tokens": 3, "total_tokens": 6}
    return json.dumps({"id": "1", "choices": [choice], "usage": usage}).encode()


@contextmanager
def served(
    tmp_path: Path, plan: Any = lambda _prompt, _before: Fault(), **server: Any
) -> Iterator[Log]:
    with openai_server(plan, **server) as log:
        (tmp_path / "recipe.toml").write_text(RECIPE.format(url=log.url), "utf-8")
        yield log


def made(
    corpus: Corpus, out: Path, prompt: str = PAIR, task: str = "question", **settings: Any
) -> Outcome:
    folder = corpus.path.parent
    (folder / "prompt.j2").write_text(prompt, "utf-8")
    given = {"recipe": str(folder / "recipe.toml"), "prompt": folder / "prompt.j2", **settings}
    return run(Synthesize, corpus, out, task=task, **given)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-the-test")
    return "sk-secret-of-the-test"


@pytest.fixture
def five(tmp_path: Path) -> Corpus:
    return corpus_of(tmp_path / "in.jsonl", [document(n, summary="풀을 발랐다.") for n in range(5)])


def test_each_task_makes_records_of_what_is_replied(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "in.jsonl", [document(1, summary="풀을 발랐다.")])
    (tmp_path / "keywords.txt").write_text("벽지\n타일\n방수\n", "utf-8")
    replies: dict[str, str] = {
        "summary": '{"summary": {{ document | tojson }}}',
        "question": PAIR,
        "article": f'{{"pairs": [{PAIR}, {PAIR}]}}',
        "keywords": '{"question": "{{ keyword }}?", "answer": {{ reference | tojson }}}',
    }
    found: dict[str, list[Record]] = {}
    with served(tmp_path):
        for task, prompt in replies.items():
            more = {"keywords": tmp_path / "keywords.txt"} if task == "keywords" else {}
            found[task] = records(made(corpus, tmp_path / task, prompt, task, **more))
    (summary,) = found["summary"]
    assert (summary.task, summary.summary) == ("structured", f"1번 방. {BODY}")
    assert summary.answers == question(1).answers
    (asked,) = found["question"]
    assert (asked.task, asked.question) == ("structured", "무엇을 발랐나요?")
    assert [each.id for each in found["article"]] == ["made:1~article-1", "made:1~article-2"]
    # "타일" is in the question of record 1, "벽지" in its document, "방수" in neither.
    assert [each.question for each in found["keywords"]] == ["벽지?", "타일?"]
    for several in found.values():
        assert {each.parent for each in several} == {"made:1"}


@pytest.mark.parametrize("verify", ["overlap", "model", "none"])
def test_statements_that_the_document_does_not_support_are_removed(
    tmp_path: Path, verify: str
) -> None:
    corpus = corpus_of(
        tmp_path / "in.jsonl", [document(1, summary="풀"), document(2, summary="풀")]
    )
    prompt = (
        '{"question": "왜?", "answer": "'
        "{% if document.startswith('1') %}풀을 다시 발랐다. {% endif %}"
        '비행기가 공항을 떠났다."}'
    )
    verdicts = (
        '{"supported": [{% for each in statements %}{{ "true" if "풀" in each else "false" }}'
        "{{ ',' if not loop.last }}{% endfor %}]}"
    )
    (tmp_path / "verify.j2").write_text(verdicts, "utf-8")
    with served(tmp_path):
        outcome = made(
            corpus, tmp_path / "out", prompt, verify=verify, verify_prompt=tmp_path / "verify.j2"
        )
    answers = [each.answers for each in records(outcome)]
    if verify == "none":
        both = "풀을 다시 발랐다. 비행기가 공항을 떠났다."
        assert answers == [(both,), ("비행기가 공항을 떠났다.",)]
    else:
        assert answers == [("풀을 다시 발랐다.",)]
        assert outcome.manifest.dropped == {"not supported": 1}
        assert outcome.manifest.counts["statements removed"] == 1


def test_a_reply_that_cannot_be_read_is_asked_for_once_more_and_then_kept_apart(
    five: Corpus, tmp_path: Path
) -> None:
    def plan(prompt: str, _: int) -> Fault:
        bad = "1번 방" in prompt and "앞서" not in prompt
        return Fault(body=replied("질문은 없습니다.")) if bad or "2번 방" in prompt else Fault()

    with served(tmp_path, plan) as log:
        outcome = made(five, tmp_path / "out", structure=False)
    assert [each.parent for each in records(outcome)] == [f"made:{n}" for n in (0, 1, 3, 4)]
    assert outcome.manifest.counts["asked once more"] == 2
    assert outcome.manifest.dropped == {"not readable": 1}
    assert log.charges.works == 7
    dropped = (outcome.out / "dropped-00000.jsonl").read_text("utf-8")
    assert "no JSON object: 질문은 없습니다." in dropped


def test_a_verdict_that_cannot_be_read_is_asked_for_once_more_and_then_kept_apart(
    five: Corpus, tmp_path: Path
) -> None:
    # Of rooms 1 and 2 it judges more than was said; asked again, of room 2 nothing.
    verdict = (
        '{"supported": [true{% if document[0] == "1" %}, true{% endif %}'
        '{% if document[0] == "2" %}, true, true{% endif %}]}'
    )
    (tmp_path / "verify.j2").write_text(f"{{{{ statements[0] }}}} {verdict}", "utf-8")

    def plan(prompt: str, _: int) -> Fault:
        if "앞서" in prompt and "true, true]" in prompt and "true, true, true" not in prompt:
            return Fault(body=replied('{"supported": [true]}'))
        if "앞서" in prompt:
            return Fault(body=replied('{"supported": []}'))
        return Fault()

    one = '{"question": "왜?", "answer": "{{ document[0] }}번 방."}'
    given: dict[str, Any] = {
        "verify": "model",
        "verify_prompt": tmp_path / "verify.j2",
        "structure": False,
    }
    with served(tmp_path, plan) as log:
        outcome = made(five, tmp_path / "out", one, **given)
        assert log.charges.works == 5 + 5 + 2
        made(five, tmp_path / "again", one, cache=tmp_path / "out.replies.db", **given)
        assert log.charges.works == 5 + 5 + 2
    assert [each.parent for each in records(outcome)] == [f"made:{n}" for n in (0, 1, 3, 4)]
    assert outcome.manifest.counts["asked once more"] == 2
    assert outcome.manifest.dropped == {"verdict: not readable": 1}
    dropped = (outcome.out / "dropped-00000.jsonl").read_text("utf-8")
    assert "0 verdicts on 1 statements" in dropped


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        ('{"question": "왜?", "answer": "풀"}', "풀"),
        ('네, 답입니다.\n```json\n{"question": "왜?", "answer": "풀",}\n```', "풀"),
        ('{"question": "왜?"}', "missing required field `answer`"),
        ('{"question": "왜?", "answer": 3}', "Expected `str`"),
        ('{"question": "왜?", "answer": ""}', "length >= 1"),
        ('{"question": " ", "answer": "풀"}', "matching regex"),
        ('{"question": "왜\\ud83d", "answer": "풀"}', "half a character"),
        ('{"question": "왜?\t그리고\n", "answer": "풀"}', "풀"),
        ('{"question": "왜?", "answer": "풀"', "no JSON object"),
        ("[]", "no JSON object"),
        ('{"question" "왜?"}', "no valid JSON"),
    ],
)
def test_replies_are_read_as_tolerantly_as_can_be_and_no_more(reply: str, found: str) -> None:
    try:
        assert read_reply(reply, Pair).answer == found
    except ValueError as error:
        assert found in str(error)  # noqa: PT017 -- one table for both


def test_failed_requests_stop_the_step_or_are_left_out_and_nothing_is_paid_twice(
    five: Corpus, tmp_path: Path, key: str
) -> None:
    def plan(prompt: str, _: int) -> Fault:
        return refused(400, message="no such thing") if "3번 방" in prompt else Fault()

    with served(tmp_path, plan) as log:
        with pytest.raises(Stopped, match=r"1 of 5 requests failed.*the same command asks these"):
            made(five, tmp_path / "out")
        assert log.charges.works == 4
        outcome = made(five, tmp_path / "out", skip_failed=True)
        assert log.charges.works == 4
        assert outcome.manifest.dropped == {"no reply": 1}
        # A record that was changed is paid for, and no other.
        changed = [document(n, summary="풀을 발랐다.") for n in range(3)]
        changed[1] = document(9, summary="풀을 발랐다.")
        other = corpus_of(tmp_path / "changed.jsonl", changed)
        made(other, tmp_path / "other", cache=tmp_path / "out.replies.db")
        assert log.charges.works == 5
    for path in [*tmp_path.glob("out*"), *(tmp_path / "out").iterdir()]:
        if path.is_file():
            assert key.encode() not in path.read_bytes()


def test_no_request_is_begun_that_could_pass_the_budget(five: Corpus, tmp_path: Path) -> None:
    def charged(log: Log) -> int:
        return log.charges.prompt + log.charges.completion

    with served(tmp_path) as log:
        with pytest.raises(Stopped, match="the budget of 400 tokens has no room"):
            made(five, tmp_path / "out", token_budget=400)
        assert 0 < charged(log) <= 400
        first = log.charges.works
        assert 0 < first < 5
        outcome = made(five, tmp_path / "out", token_budget=100_000)
        assert (log.charges.works, len(records(outcome))) == (5, 5)
    with served(tmp_path) as log:
        # A dollar is a million tokens here.
        with pytest.raises(Stopped, match="cost"):
            made(five, tmp_path / "money", max_cost=300 / 1e6)
        assert charged(log) <= 300
        assert log.charges.works < 5


@pytest.mark.parametrize("budget", ["token_budget", "max_cost"])
def test_a_budget_is_that_of_all_tries_also_where_parts_are_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget: str
) -> None:
    monkeypatch.setattr(folders, "CHUNK", 1)  # a part for each record
    corpus = corpus_of(
        tmp_path / "in.jsonl", [document(n, summary="풀을 발랐다.") for n in range(12)]
    )
    most: dict[str, Any] = {budget: 900 if budget == "token_budget" else 900 / 1e6}
    with served(tmp_path) as log:
        for _ in range(3):
            with pytest.raises(Stopped):
                made(corpus, tmp_path / "out", **most)
            assert log.charges.prompt + log.charges.completion <= 900
        assert list((tmp_path / "out").glob("part-*"))
        asked = log.charges.works
        # Under another name it is the same work: replies of the shared ledger are not paid again.
        with pytest.raises(Stopped):
            made(corpus, tmp_path / "other", cache=tmp_path / "out.replies.db", **most)
        assert log.charges.works == asked


@pytest.mark.parametrize("budget", ["token_budget", "max_cost"])
def test_what_a_lost_reply_may_have_cost_counts_in_every_later_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget: str
) -> None:
    monkeypatch.setattr(folders, "CHUNK", 1)
    corpus = corpus_of(tmp_path / "in.jsonl", [document(n, summary="풀") for n in range(12)])

    def plan(_: str, before: int) -> Fault:
        return Fault(cut=True) if before == 0 else Fault()

    with served(tmp_path, plan, idempotent=False) as log:
        most: dict[str, Any] = {budget: 900 if budget == "token_budget" else 900 / 1e6}
        with pytest.raises(Stopped):
            made(corpus, tmp_path / "out", **most)
        assert 0 < log.charges.prompt + log.charges.completion <= 900


def test_records_of_one_id_each_have_their_own_and_no_more_than_were_asked_for(
    tmp_path: Path,
) -> None:
    twins = [document(1), document(1, "창을 새로 달았다.")]
    corpus = corpus_of(tmp_path / "in.jsonl", twins)
    three = f'{{"pairs": [{PAIR}, {PAIR}, {PAIR}]}}'
    with served(tmp_path):
        outcome = made(corpus, tmp_path / "out", three, "article", count=2)
    assert [(each.id[-1], each.documents) for each in records(outcome)] == [
        ("1", twins[0].documents), ("2", twins[0].documents),
        ("3", twins[1].documents), ("4", twins[1].documents),
    ]  # fmt: skip


def test_how_a_recipe_cuts_its_own_answers_does_not_cut_json(five: Corpus, tmp_path: Path) -> None:
    prompt = '{"question": "왜?",\n\n "answer": {{ document | tojson }}}'
    with served(tmp_path):
        recipe = tmp_path / "recipe.toml"
        recipe.write_text(f'{recipe.read_text("utf-8")}[extraction]\ncut = ["\\n"]\n', "utf-8")
        assert len(records(made(five, tmp_path / "out", prompt))) == 5


@pytest.mark.parametrize(("count", "kills"), [(10, 1), pytest.param(24, 3, marks=pytest.mark.slow)])
def test_a_step_that_is_killed_goes_on_and_pays_once(
    tmp_path: Path, count: int, kills: int
) -> None:
    corpus = corpus_of(
        tmp_path / "in.jsonl", [document(n, summary="풀을 발랐다.") for n in range(count)]
    )
    with served(tmp_path, seconds=0.05) as log:
        whole = made(corpus, tmp_path / "whole")
        log.forget()
        for _ in range(kills):
            kill_after(
                3, log, "synthesize", corpus.path, "--task", "question",
                "--recipe", tmp_path / "recipe.toml", "--prompt", tmp_path / "prompt.j2",
                "--change", "engine.openai.connections=2", "--out", tmp_path / "out",
            )  # fmt: skip
        assert 3 * kills <= log.charges.works < count
        outcome = made(corpus, tmp_path / "out", change=("engine.openai.connections=2",))
        assert log.charges.works == count
    assert contents(outcome.out) == contents(whole.out)


@pytest.mark.parametrize("budget", [{}, {"token_budget": 5_000}, {"max_cost": 5_000 / 1e6}])
def test_a_server_that_fails_is_paid_once_and_within_the_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, budget: dict[str, Any]
) -> None:
    monkeypatch.setattr(dispatch, "BACKOFF_S", 0.01)
    monkeypatch.setattr(concurrency, "PAUSE_S", 0.02)
    corpus = corpus_of(
        tmp_path / "in.jsonl", [document(n, summary="풀을 발랐다.") for n in range(40)]
    )
    faults = (
        refused(429, retry_after="0"), refused(500), refused(503),
        Fault(cut=True), Fault(reset=True), Fault(body=b"<html>"),
    )  # fmt: skip

    def plan(prompt: str, before: int) -> Fault:
        return Fault() if before else faults[sum(map(ord, prompt)) % len(faults)]

    with served(tmp_path, plan) as log:
        if budget:
            with pytest.raises(Stopped):
                made(corpus, tmp_path / "out", **budget)
            assert 0 < log.charges.prompt + log.charges.completion <= 5_000
            assert 0 < log.charges.works < 40
        outcome = made(corpus, tmp_path / "out")
        assert log.charges.works == len(records(outcome)) == 40
        made(corpus, tmp_path / "again", cache=tmp_path / "out.replies.db")
        assert log.charges.works == 40


def test_settings_that_make_no_sense_are_refused_before_anything_is_written(
    five: Corpus, tmp_path: Path
) -> None:
    with served(tmp_path):
        with pytest.raises(InputError, match="task 'keywords' needs the file"):
            made(five, tmp_path / "out", task="keywords")
        with pytest.raises(InputError, match=r"prompt\.j2: there is no title in this prompt"):
            made(five, tmp_path / "out", "{{ title }}")
        with pytest.raises(InputError, match="has no model"):
            made(five, tmp_path / "out", recipe="medoid")
    assert not (tmp_path / "out").exists()

"""What is answered: the body of a response as a completion and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import msgspec

from evaluators.text.cells import shortened
from submission.engines.account import Usage
from submission.engines.base import Completion, Finish
from submission.recipes.thinking import KNOWN_TAGS, Tags, Thinking


class Kind(StrEnum):
    """What follows from a reply.

    ``ROW``: this row fails, others do not. ``USELESS``: the same, after the work was done.
    ``AGAIN``: it may pass; the server has refused it. ``SLOWER``: the same, and fewer at a time.
    ``GARBLED``: an answer that cannot be read. ``LOST``: no reply, perhaps after the work was done.
    ``QUOTA`` and ``REFUSED``: so does every request. ``DENIED``: so does every request, or this row
    alone, where others have been answered.
    """

    ANSWERED = "answered"
    ROW = "row"
    USELESS = "useless"
    AGAIN = "again"
    SLOWER = "slower"
    GARBLED = "garbled"
    LOST = "lost"
    QUOTA = "quota"
    REFUSED = "refused"
    DENIED = "denied"


UNSEEN = (Kind.LOST, Kind.GARBLED)
"""Replies that do not tell whether the work was done, and charged."""

PERHAPS_CHARGED = (*UNSEEN, Kind.ANSWERED, Kind.USELESS)
"""Replies that cost something, or may, also where they do not say how much."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How one attempt ended; ``wait`` is how many seconds the server asks for."""

    kind: Kind
    completion: Completion | None = None
    usage: Usage | None = None
    problem: str = ""
    wait: float | None = None


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: Any = None


class _Choice(msgspec.Struct):
    finish_reason: str | None = None
    message: _Message | None = None
    text: str | None = None


_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class _Cached(msgspec.Struct):
    cached_tokens: _Count | None = None


class _Thought(msgspec.Struct):
    reasoning_tokens: _Count | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: _Count
    completion_tokens: _Count = 0
    prompt_tokens_details: _Cached | None = None
    completion_tokens_details: _Thought | None = None

    def plain(self) -> Usage:
        cached, thought = self.prompt_tokens_details, self.completion_tokens_details
        return Usage(
            self.prompt_tokens,
            (cached and cached.cached_tokens) or 0,
            self.completion_tokens,
            (thought and thought.reasoning_tokens) or 0,
        )


class _Body(msgspec.Struct):
    choices: list[_Choice]


class _Metered(msgspec.Struct):
    usage: _Usage


_FINISH = {"stop": Finish.STOP, "eos": Finish.STOP, "length": Finish.LENGTH}
_FILTERED = "content_filter"


def read_reply(key: str, body: bytes, thinking: Thinking | None, stops: Sequence[str]) -> Reply:
    """What the body of a response with status 200 says of the request with the row key ``key``.

    Where the recipe has a ``thinking`` table, thinking that a server left within the answer is
    taken off it, and the answer ends at the first of ``stops``, which the server is not told then.
    """
    usage = read_usage(body)
    try:
        choice = msgspec.json.decode(body, type=_Body).choices[0]
    except (msgspec.DecodeError, UnicodeDecodeError, IndexError):
        return _no_answer(usage, "a reply that is not a completion")
    if choice.finish_reason == _FILTERED:
        return Reply(Kind.USELESS, usage=usage, problem="the server's content filter stopped it")
    finish = _FINISH.get(choice.finish_reason or "")
    if choice.finish_reason and finish is None:
        reason = shortened(choice.finish_reason, 40)
        return Reply(Kind.USELESS, usage=usage, problem=f"the answer ended by '{reason}'")
    message = choice.message
    if finish is None or (message is None and choice.text is None):
        return _no_answer(usage, "a reply without a finished answer")
    said, thought = choice.text or "", ""
    if message is not None:
        said = (message.content if message.content is not None else message.refusal) or ""
        thoughts = message.reasoning_content or message.reasoning
        thought = thoughts if isinstance(thoughts, str) else ""
    if thinking is not None:
        if not thought:
            thought, said = _parted(said, thinking)
        for stop in stops:
            if stop in said:
                said, finish = said.partition(stop)[0], Finish.STOP
    if finish is Finish.LENGTH and thought and not said:
        finish = Finish.THINKING
    prompt, completion = (usage.prompt, usage.completion) if usage else (0, 0)
    return Reply(Kind.ANSWERED, Completion(key, said, finish, prompt, completion, thought), usage)


def _no_answer(usage: Usage | None, problem: str) -> Reply:
    """A reply with no answer to be read; one that says what it cost would cost that again."""
    return Reply(Kind.GARBLED if usage is None else Kind.USELESS, usage=usage, problem=problem)


def _parted(text: str, thinking: Thinking) -> tuple[str, str]:
    """The thinking before the answer, and the answer, by the tags between them."""
    given = thinking.open is not None and thinking.close is not None
    known = [Tags(thinking.open or "", thinking.close or "")] if given else KNOWN_TAGS
    for tags in known:
        before, closed, after = text.partition(tags.close)
        if closed or text.lstrip().startswith(tags.open):
            thought = before.strip().removeprefix(tags.open.strip()).removesuffix(tags.ahead)
            return thought.strip(), after.strip() if closed else ""
    return "", text


def read_usage(body: bytes) -> Usage | None:
    """The tokens that a response says it cost, however the rest of it reads."""
    try:
        return msgspec.json.decode(body, type=_Metered).usage.plain()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None

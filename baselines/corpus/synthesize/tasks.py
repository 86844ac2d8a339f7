"""What is asked of a model for a record, the JSON that it is to reply, and the records made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec

from baselines.corpus.record import Record
from evaluators.text.structured import parse_json
from submission.errors import InputError, few
from submission.prompts.template import free_names

TaskName = Literal["summary", "question", "article", "keywords"]
Text = Annotated[str, msgspec.Meta(min_length=1, pattern=r"\S")]


class Summary(msgspec.Struct, forbid_unknown_fields=True):
    """A summary of a document that explains an answer."""

    summary: Text


class Pair(msgspec.Struct, forbid_unknown_fields=True):
    """A question and its answer."""

    question: Text
    answer: Text


class Pairs(msgspec.Struct, forbid_unknown_fields=True):
    """Several."""

    pairs: Annotated[list[Pair], msgspec.Meta(min_length=1)]


class Verdicts(msgspec.Struct, forbid_unknown_fields=True):
    """Whether a document says what each statement says."""

    supported: list[bool]


# Of a string with a least length, vLLM's grammar lets control characters be part.
_TEXT: Final = {"type": "string"}
_PAIR: Final = {
    "type": "object",
    "properties": {"question": _TEXT, "answer": _TEXT},
    "required": ["question", "answer"],
    "additionalProperties": False,
}
SCHEMAS: Final[Mapping[type, Mapping[str, Any]]] = {
    Summary: {
        "type": "object",
        "properties": {"summary": _TEXT},
        "required": ["summary"],
        "additionalProperties": False,
    },
    Pair: _PAIR,
    Pairs: {
        "type": "object",
        "properties": {"pairs": {"type": "array", "items": _PAIR, "minItems": 1, "maxItems": 10}},
        "required": ["pairs"],
        "additionalProperties": False,
    },
    Verdicts: {
        "type": "object",
        "properties": {"supported": {"type": "array", "items": {"type": "boolean"}}},
        "required": ["supported"],
        "additionalProperties": False,
    },
}

REPLIES: Final[Mapping[TaskName, type]] = {
    "summary": Summary,
    "question": Pair,
    "article": Pairs,
    "keywords": Pair,
}
VARIABLES: Final[Mapping[str, tuple[str, ...]]] = {
    "summary": ("document", "question", "answer"),
    "question": ("document", "summary"),
    "article": ("document", "count"),
    "keywords": ("reference", "keyword"),
    "verify": ("document", "statements"),
    "repair": ("prompt", "reply", "problem"),
}
_NEEDED: Final[Mapping[TaskName, tuple[str, ...]]] = {
    "summary": ("documents", "question", "answers"),
    "question": ("documents", "summary"),
    "article": ("documents",),
    "keywords": (),
}
_FENCE: Final = re.compile(r"^\s*```(?:json)?\s*|\s*```\s*$")
_CONTROL: Final = re.compile(r"[\x00-\x1f]")
_COMMA: Final = re.compile(r",(\s*[}\]])")


def lacking(record: Record, task: TaskName) -> str:
    """What a record lacks for a task, in words; empty where it has everything."""
    return few([name for name in _NEEDED[task] if not getattr(record, name)])


def asked_of(
    record: Record, task: TaskName, count: int, keywords: Sequence[str]
) -> Iterator[dict[str, object]]:
    """The variables of each prompt for a record."""
    document = "\n\n".join(record.documents)
    if task == "keywords":
        reference = "\n\n".join([*record.documents, *record.answers])
        told = f"{reference}\n{record.question}\n{record.category}"
        found = [keyword for keyword in keywords if keyword in told][:count]
        for keyword in found:
            yield {"reference": reference, "keyword": keyword}
    elif task == "summary":
        yield {"document": document, "question": record.question, "answer": record.answers[0]}
    elif task == "question":
        yield {"document": document, "summary": record.summary}
    else:
        yield {"document": document, "count": count}


def read_reply(text: str, kind: type) -> Any:
    """The reply as ``kind``; raises ``ValueError`` that says what is wrong with it.

    What surrounds the JSON is left out, and a comma too many or a line break in a text forgiven:
    models write all of these.
    """
    plain = _CONTROL.sub(" ", _FENCE.sub("", text.strip()))
    start, stop = plain.find("{"), plain.rfind("}") + 1
    if start < 0 or stop <= start:
        raise ValueError("no JSON object")
    found = parse_json(plain[start:stop])
    if found is None:
        found = parse_json(_COMMA.sub(r"\1", plain[start:stop]))
    if found is None:
        raise ValueError("no valid JSON")
    try:
        value: Any = msgspec.convert(found, kind)
        msgspec.json.encode(value)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    except UnicodeEncodeError:
        raise ValueError("half a character (a surrogate without its other half)") from None
    return value


def prompt_of(name: str, given: Path | None) -> str:
    """The template of a prompt: the person's file, or the package's own.

    Raises :class:`InputError` where it cannot be read, or asks for what there is not.
    """
    if given is None:
        return resources.files(__package__).joinpath("prompts", f"{name}.j2").read_text("utf-8")
    try:
        text = given.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{given}: cannot be read as UTF-8 text: {error}") from None
    unknown = sorted({*free_names(text)} - {*VARIABLES[name]})
    if unknown:
        raise InputError(
            f"{given}: there is no {few(unknown)} in this prompt; it may show "
            f"{few(VARIABLES[name])}"
        )
    return text

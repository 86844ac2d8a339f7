"""``[sampling.structure]``: the form that a completion must have, and the grammar of it.

llguidance compiles the grammar: to refuse one that cannot be used, to mask tokens in both model
engines, and to tell whether a text is a match of a regular expression.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from evaluators.text.structured import parse_json
from submission.errors import InputError
from submission.files.model_files import read_json
from submission.files.named import beside, named_file
from submission.recipes.base import NonEmpty, Table

if TYPE_CHECKING:
    from llguidance import LLMatcher

# On one line, as json.dumps() writes it: white space that may be as long as it likes is where a
# model loses itself.
_LAYOUT = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
_REASONS = (
    re.compile(r"^error: (.*)$", re.MULTILINE),
    re.compile(r"JSON schema: (.*)$", re.MULTILINE),
)


def _choice_rule(options: Iterable[str]) -> str:
    return " | ".join(json.dumps(option, ensure_ascii=False) for option in options)


def _regex_rule(regex: str) -> str:
    from llguidance import regex_to_lark

    return f"/{regex_to_lark(regex, '')}/"


def _schema_rule(schema: str) -> str:
    content = json.loads(schema)
    layout = {**_LAYOUT, **content.get("x-guidance", {})}
    return f"%json {json.dumps({**content, 'x-guidance': layout}, ensure_ascii=False)}"


def _grammar(rule: str, ends: Iterable[int] = (), ahead: str = "") -> str:
    """A grammar in llguidance's dialect of Lark; the rule ``ahead`` is called ``ahead``."""
    tokens = " | ".join(f"<[{end}]>" for end in ends)
    first = "ahead " if ahead else ""
    last = f" ({tokens})?" if tokens else ""
    return "\n".join([f"start: {first}body{last}", f"body: {rule}", ahead])


@cache
def _bytes() -> Any:
    from llguidance import LLTokenizer

    return LLTokenizer("byte")


@lru_cache(maxsize=64)
def _matcher(grammar: str) -> LLMatcher:
    """A matcher of bytes at its beginning, to be copied."""
    from llguidance import LLMatcher

    return LLMatcher(_bytes(), grammar, log_level=0)


def _require_usable(rule: str) -> None:
    """Raise ``ValueError`` for a rule that llguidance does not take, and one that nothing meets."""
    from llguidance import LLMatcher

    grammar = _grammar(rule)
    wrong, problems = LLMatcher.validate_grammar_with_warnings(grammar, _bytes())
    if wrong:
        found = [match[1] for reason in _REASONS if (match := reason.search(problems[0]))]
        raise ValueError(f"cannot be used: {found[0] if found else problems[0].splitlines()[0]}")
    begun = _matcher(grammar).deep_copy()
    begun.compute_bitmask()
    if begun.is_error():
        raise ValueError("cannot be used: there is no text that it matches")


def _usable_choice(options: list[str]) -> list[str]:
    _require_usable(_choice_rule(options))
    return options


def _usable_regex(regex: str) -> str:
    _require_usable(_regex_rule(regex))
    return regex


def _schema_text(given: object) -> str:
    """A schema as compact JSON text, which keeps the order of its properties."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            raise ValueError("is not a JSON schema: not valid JSON") from None
    if not isinstance(given, dict):
        raise ValueError(  # noqa: TRY004 -- pydantic reports a ValueError
            "is not a JSON schema: give a table, JSON text, or the name of a file"
        )
    # TOML's dates and times are texts in JSON.
    return json.dumps(given, ensure_ascii=False, separators=(",", ":"), default=str)


def _usable_schema(text: str) -> str:
    from jsonschema import SchemaError

    try:
        _validator(text)
    except SchemaError as error:
        raise ValueError(f"is not a JSON schema: {error.json_path}: {error.message}") from None
    _require_usable(_schema_rule(text))
    return text


@lru_cache(maxsize=64)
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import validator_for

    content = json.loads(schema)
    kind = validator_for(content, default=Draft202012Validator)
    kind.check_schema(content)
    return kind(content)


class Structure(Table):
    """What a completion must be: one of the texts ``choice``, a match of ``regex`` as a whole, or
    JSON that meets a schema, whose properties come in the schema's order.

    Regular expressions are those of Rust's regex crate, without look-around and back-references.
    ``json_schema`` is JSON text.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    choice: Annotated[
        Annotated[list[NonEmpty], Field(min_length=1), AfterValidator(_usable_choice)] | None,
        Field(exclude_if=lambda options: options is None),
    ] = None
    regex: Annotated[
        Annotated[NonEmpty, AfterValidator(_usable_regex)] | None,
        Field(exclude_if=lambda regex: regex is None),
    ] = None
    json_schema: Annotated[
        Annotated[str, BeforeValidator(_schema_text), AfterValidator(_usable_schema)] | None,
        Field(alias="json", exclude_if=lambda schema: schema is None),
    ] = None

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if len(self.model_dump()) != 1:
            raise ValueError("needs exactly one of choice, regex and json")
        return self

    def grammar(self, ends: Iterable[int] = (), ahead: str = "") -> str:
        """The structure in llguidance's dialect of Lark.

        ``ends`` are the token ids that may end a completion beside the end token of the tokenizer,
        which a mask allows without being told. ``ahead`` is a rule of this name for what comes
        before the structure.
        """
        if self.choice is not None:
            return _grammar(_choice_rule(self.choice), ends, ahead)
        if self.regex is not None:
            return _grammar(_regex_rule(self.regex), ends, ahead)
        return _grammar(_schema_rule(self.json_schema or ""), ends, ahead)

    def accepts(self, text: str) -> bool:
        """Whether ``text`` as a whole has this structure; in JSON, white space and order are free.

        An engine that is only asked for a structure, such as a server, may not give it.
        """
        if self.choice is not None:
            return text in self.choice
        if self.json_schema is not None:
            value = parse_json(text)
            if value is None and text.strip() != "null":
                return False
            return bool(_validator(self.json_schema).is_valid(value))
        matcher = _matcher(self.grammar()).deep_copy()
        consumed = matcher.consume_tokens(list(text.encode("utf-8", "replace")))
        return consumed and matcher.is_accepting()


def with_schema(data: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A recipe's tables with the schema that ``sampling.structure.json`` names a file for.

    The file is looked for in ``folder``. A schema is text from here on, which no variant merges
    with another. Raises ``InputError`` for a file that cannot be read.
    """
    sampling = data.get("sampling")
    if not isinstance(sampling, Mapping) or not isinstance(sampling.get("structure"), Mapping):
        return data
    structure = sampling["structure"]
    given = structure.get("json")
    if isinstance(given, dict):
        given = _schema_text(given)
    elif isinstance(given, str) and not given.lstrip().startswith("{"):
        try:
            given = _schema_text(read_json(named_file(beside(folder, given))))
        except InputError as error:
            raise InputError(f"sampling.structure.json: {error}") from None
    else:
        return data
    return {**data, "sampling": {**sampling, "structure": {**structure, "json": given}}}

"""Jinja2 templates, sandboxed: a recipe or profile may come from anyone.

Beside Jinja2's own filters there are ``fromjson`` (the value that a text holds), ``tojson`` (JSON
with its letters as they are) and ``unescape`` (line breaks and tabs for the two characters that
stand for them).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from submission.errors import InputError, sentence
from submission.prompts.values import Change, Members, json_text, printed, shown, unknown

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.runtime import Context
    from jinja2.sandbox import ImmutableSandboxedEnvironment

# No name of a template's, so that none can call it.
_CHANGE = "change of texts"


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    from jinja2 import StrictUndefined, pass_context
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Unknown(StrictUndefined):
        @property
        def _undefined_message(self) -> str:
            told = unknown(self._undefined_obj, self._undefined_name)
            return self._undefined_hint or told or super()._undefined_message

    class Environment(ImmutableSandboxedEnvironment):
        def getattr(self, obj: Any, attribute: str) -> Any:
            """A member comes before a method: ``row.items`` is the column, if there is one."""
            if isinstance(obj, Mapping) and attribute in obj:
                return obj[attribute]
            return super().getattr(obj, attribute)

    environment = Environment(
        undefined=Unknown, autoescape=False, keep_trailing_newline=True, finalize=printed
    )
    environment.filters |= {
        "fromjson": pass_context(_from_json),
        "tojson": json_text,
        "unescape": _unescaped,
    }
    return environment


def _from_json(context: Context, text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return shown(json.loads(text), context[_CHANGE])
    except ValueError as error:
        raise ValueError(f"fromjson: {text[:40]!r} is not valid JSON ({error})") from None


def _unescaped(text: str) -> str:
    for written, meant in (("\\r\\n", "\n"), ("\\n", "\n"), ("\\t", "\t")):
        text = text.replace(written, meant)
    return text


@cache
def _compile(template: str) -> Template:
    from jinja2 import TemplateSyntaxError

    try:
        compiled = _environment().from_string(template)
    except TemplateSyntaxError as error:
        raise InputError(
            f"Template {template[:80]!r}, line {error.lineno}: {sentence(str(error.message))}"
        ) from None
    return quick(compiled)


def quick(compiled: Template) -> Template:
    """The template with its globals as one dictionary: a chain of them is copied slowly."""
    compiled.globals = dict(compiled.globals)
    return compiled


def render(
    template: str,
    row: Mapping[str, str] | None = None,
    change: Change = str,
    **values: object,
) -> str:
    """``template`` with ``row`` and ``values``, each text in them as ``change`` gives it.

    Raises :class:`InputError` for a syntax error, an unknown name, an expression that fails, or
    anything the sandbox refuses.
    """
    compiled = _compile(template)
    given = {name: shown(value, change) for name, value in values.items()}
    if row is not None:
        given["row"] = Members(row, change)
    given[_CHANGE] = change
    try:
        return compiled.render(given)
    except Exception as error:  # noqa: BLE001 -- an expression of someone's may raise anything
        # Some errors have no words of their own.
        told = sentence(str(error) or type(error).__name__)
        raise InputError(f"Template {template[:80]!r}: {told}") from None


def columns_named(template: str, variable: str = "row") -> list[str]:
    """The members of ``variable`` that ``template`` names: ``row.a``, ``row["a"]``.

    Raises as :func:`render`.
    """
    from jinja2 import nodes

    _compile(template)
    tree = _environment().parse(template)
    members = [(node.attr, node.node) for node in tree.find_all(nodes.Getattr)]
    members += [
        (str(node.arg.value), node.node)
        for node in tree.find_all(nodes.Getitem)
        if isinstance(node.arg, nodes.Const)
    ]
    return [
        member
        for member, holder in dict.fromkeys(members)
        if isinstance(holder, nodes.Name) and holder.name == variable
    ]


def free_names(template: str) -> list[str]:
    """The names that ``template`` must be given, sorted. Raises as :func:`render`."""
    from jinja2.meta import find_undeclared_variables

    _compile(template)
    environment = _environment()
    return sorted(find_undeclared_variables(environment.parse(template)) - {*environment.globals})


def fixed_texts(template: str) -> list[str]:
    """What ``template`` says by itself, between its expressions. Raises as :func:`render`."""
    from jinja2 import nodes

    _compile(template)
    return [each.data for each in _environment().parse(template).find_all(nodes.TemplateData)]

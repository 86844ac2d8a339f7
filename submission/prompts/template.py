"""Jinja2 templates, sandboxed: a recipe or profile may come from anyone."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from submission.errors import InputError

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.sandbox import ImmutableSandboxedEnvironment


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True
    )


@cache
def _compile(template: str) -> Template:
    from jinja2 import TemplateSyntaxError

    try:
        return _environment().from_string(template)
    except TemplateSyntaxError as error:
        raise InputError(
            f"Template, line {error.lineno}: {error.message}. Template: {template[:80]!r}"
        ) from None


def render(template: str, **values: object) -> str:
    """``template`` with ``values``. Raises :class:`InputError` for a syntax error, an unknown
    name, an expression that fails, or anything the sandbox refuses.
    """
    compiled = _compile(template)
    try:
        return compiled.render(**values)
    except Exception as error:  # noqa: BLE001 -- an expression of someone's may raise anything
        raise InputError(f"Template {template[:80]!r}: {error}.") from None


def fixed_texts(template: str) -> list[str]:
    """What ``template`` says by itself, between its expressions. Raises as :func:`render`."""
    from jinja2 import nodes

    _compile(template)
    return [each.data for each in _environment().parse(template).find_all(nodes.TemplateData)]

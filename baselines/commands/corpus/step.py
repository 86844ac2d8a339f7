"""The commands of the steps, made of their settings: one option for each."""

from __future__ import annotations

import tempfile
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Union

import rich_click as click
from pydantic.fields import FieldInfo

from baselines.commands.corpus import shared
from baselines.corpus.pipeline import is_path
from baselines.corpus.steps import Step, step_type
from submission.commands import options
from submission.terminal.output import say


class Listed(click.ParamType[tuple[str, ...]]):
    """Several values, with commas between them."""

    name = "list"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, ...]:  # noqa: ARG002
        """The values, without white space around them."""
        if isinstance(value, tuple):
            return value
        return tuple(part.strip() for part in str(value).split(",") if part.strip())


class Pair(click.ParamType[tuple[str, str]]):
    """``KEY=VALUE``."""

    name = "key=value"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, str]:
        """The two."""
        if isinstance(value, tuple):
            return value
        key, equals, given = str(value).partition("=")
        if not key or not equals:
            self.fail(f"'{value}' is not KEY=VALUE", param, ctx)
        return key, given


def step_command(name: str) -> click.Command:
    """The command of the step ``name``."""
    kind = step_type(name)
    reads_records = issubclass(kind, Step)

    def callback(
        out: Path | None, workers: int, form: Any, dry_run: bool, as_json: bool, **given: Any
    ) -> None:
        from baselines.corpus.execute import execute
        from baselines.corpus.pipeline import work_of
        from submission.files.toml import validate

        corpus = given.pop("corpus", None)
        own = {key: value for key, value in given.items() if value is not None and value != ()}
        for key, field in kind.settings_type.model_fields.items():
            if key in own and _several(field.annotation) is dict:
                own[key] = dict(own[key])
        settings = validate(kind.settings_type, own, f"leaderkit corpus {name}")
        if (out is None) != dry_run:
            raise click.UsageError("Give either --out FOLDER or --dry-run.")
        work = work_of(kind, settings, corpus)
        with tempfile.TemporaryDirectory() as place:
            target = Path(place, name) if out is None else out
            outcome = execute(work, target, workers=workers, form=form, say=say)
            shared.print_outcome(outcome, as_json=as_json, dry_run=dry_run)

    params: list[click.Parameter] = []
    if reads_records:
        params.append(click.Argument(["corpus"], type=options.PLACE, metavar="CORPUS"))
    for key, field in kind.settings_type.model_fields.items():
        params.append(_parameter(key, field))
    made = click.RichCommand(name=name, params=params, callback=callback, help=_help(kind))
    for decorate in reversed(shared.STEP_OPTIONS):
        decorate(made)
    return made


def _help(kind: Any) -> str:
    return f"{kind.about}\n\n{(kind.__doc__ or '').partition(chr(10))[2]}".strip()


def _parameter(key: str, field: FieldInfo) -> click.Parameter:
    annotation = field.annotation
    if (field.json_schema_extra or {}).get("argument"):  # type: ignore[union-attr]
        return click.Argument([key], type=_type(annotation), nargs=-1, required=True)
    name = "--" + key.replace("_", "-")
    default = None if field.is_required() else field.default
    told = field.description or ""
    if not isinstance(default, bool) and default not in (None, "", (), {}):
        shown = ",".join(map(str, default)) if isinstance(default, tuple) else default
        told = f"{told} [default: {shown}]".strip()
    if annotation is bool:
        return click.Option(
            [f"{name}/--no-{name[2:]}" if default else name], default=None, help=told, is_flag=True
        )
    several = _several(annotation)
    return click.Option(
        [name],
        type=_type(annotation),
        multiple=several is dict or (several is tuple and is_path(annotation)),
        required=field.is_required(),
        help=told,
    )


def _several(annotation: Any) -> type | None:
    origin = typing.get_origin(annotation)
    if origin in (dict, typing.get_origin(typing.Mapping[str, str])):
        return dict
    if origin in (Union, types.UnionType):
        return next(
            (found for each in typing.get_args(annotation) if (found := _several(each))), None
        )
    return tuple if origin in (tuple, list) else None


def _type(annotation: Any) -> Any:
    if _several(annotation) is dict:
        return Pair()
    if is_path(annotation):
        return options.PLACE
    if _several(annotation) is tuple:
        return Listed()
    arguments = [each for each in _members(annotation) if each is not type(None)]
    if all(isinstance(each, str) for each in arguments):
        return click.Choice(arguments)
    return {int: click.INT, float: click.FLOAT}.get(arguments[0], click.STRING)


def _members(annotation: Any) -> list[Any]:
    origin = typing.get_origin(annotation)
    if origin in (Union, types.UnionType):
        return [member for each in typing.get_args(annotation) for member in _members(each)]
    if origin is Literal:
        return list(typing.get_args(annotation))
    if origin is typing.Annotated:
        return _members(typing.get_args(annotation)[0])
    return [annotation]


Decorator = Callable[[Any], Any]

"""A bundle's folder: script, prompts, model, data, requirements, provenance and how-to."""

from __future__ import annotations

import json
import platform
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from submission.bundle.agreement import load_script, prompts_text, require_same_submission
from submission.bundle.inspect import code_problems, refuse_private
from submission.bundle.model import copy_model, copy_settings
from submission.bundle.provenance import provenance
from submission.bundle.script import environment, script
from submission.bundle.source import Source
from submission.bundle.target import (
    Requirement,
    parts,
    pinned,
    requirements,
    requirements_text,
    unchecked,
    versions_here,
)
from submission.bundle.wheels import download_wheels
from submission.competitions.target import Target
from submission.engines.base import Hasher
from submission.engines.vllm.support import adapter_refusal
from submission.errors import InputError
from submission.files.atomic import atomic_folder, refuse_occupied
from submission.files.digest import sha256_file
from submission.machine.hardware import installed

ABOUT = "bundle.json"
PROVENANCE = "provenance.json"
SUMS = "SHA256SUMS"
WEIGHTS_SUMS = "WEIGHTS.sha256"
SCRIPT = "inference.py"
EXPECTED = "expected"
DATA = "data"


@dataclass(frozen=True)
class Bundle:
    """A bundle on disk; ``unchecked`` is what of the target this machine cannot try."""

    folder: Path
    engine: str
    rows: int
    bytes: int
    requirements: list[Requirement]
    unchecked: list[str]


def write_bundle(
    source: Source,
    out: Path,
    *,
    target: Target | None,
    weights: Literal["copy", "hash"],
    wheels: bool,
    hash_file: Hasher,
    say: Callable[[str], None],
) -> Bundle:
    """Write the bundle of ``source`` into the new folder ``out``.

    Raises :class:`InputError` where the script would not do what the run did, for an adapter that
    it cannot apply, and for what ``out`` cannot hold; nothing is written then.
    """
    refuse_occupied(out)
    adapter = source.checkpoint.adapter
    needed = requirements(target, source.engine, adapter=adapter is not None)
    version = parts(pinned(needed, "transformers") or installed("transformers") or "5")
    _refuse_adapter(source)
    with atomic_folder(out) as folder:
        originals = _copy_models(source, folder, weights=weights == "copy", major=version[0])
        (folder / DATA).mkdir()
        shutil.copyfile(source.test, folder / DATA / source.test_name)
        shutil.copyfile(source.template, folder / DATA / source.template_name)
        (folder / EXPECTED).mkdir()
        (folder / EXPECTED / source.out_name).write_bytes(source.submission)
        _write_script(source, folder, version)
        (folder / "requirements.txt").write_text(requirements_text(needed, target), "utf-8")
        if wheels:
            say("Downloading wheels.")
            download_wheels(folder, target.python if target else None)
        digests = {name: hash_file(path) for name, path in originals.items()}
        wanted = {each.name: each.version for each in needed}
        here = versions_here(wanted)
        told = unchecked(target, wanted, platform.python_version(), here)
        _write_json(folder / PROVENANCE, provenance(source, digests, hash_file))
        _write_json(folder / ABOUT, _about(source, target, weights, wanted))
        _write_readmes(source, folder, target, weights, wheels=wheels)
        if weights == "hash":
            (folder / WEIGHTS_SUMS).write_text(_sums(digests), "utf-8")
        if problems := code_problems(folder):
            raise InputError.listing("The bundle's code would not run elsewhere", problems)
        refuse_private(folder)
        _write_sums(folder, digests)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return Bundle(out, source.engine, len(source.parts), size, needed, told)


def _refuse_adapter(source: Source) -> None:
    adapter, part = source.checkpoint.adapter, source.checkpoint.fitting_adapter()
    if adapter is None or part is None:
        return
    refusal = adapter_refusal(adapter) if source.engine == "vllm" else None
    if refusal is not None:
        raise InputError(
            f"vLLM does not apply the adapter {refusal}. Merge it with leaderkit merge, and "
            "generate a run with the merged model."
        )
    if part.told() is not None:
        raise InputError(
            f"{adapter.folder}: changes the number of the base's embeddings, which the script does "
            "not do. Merge it with leaderkit merge, and generate a run with the merged model."
        )


def _copy_models(source: Source, folder: Path, *, weights: bool, major: int) -> dict[str, Path]:
    """Copy model, adapter and tokenizer; returns the weights' originals by their new places."""
    checkpoint, model = source.checkpoint, source.recipe.model
    code = bool(model and model.trust_remote_code)
    found = {
        f"model/{name}": path
        for name, path in copy_model(
            checkpoint.model.folder, folder / "model", weights=weights, code=code,
            transformers=major,
        ).items()
    }  # fmt: skip
    if checkpoint.adapter is not None:
        copied = copy_model(
            checkpoint.adapter.folder, folder / "adapter", weights=weights, code=False,
            transformers=major,
        )  # fmt: skip
        found |= {f"adapter/{name}": path for name, path in copied.items()}
    if checkpoint.tokenizer_folder != checkpoint.model.folder:
        copy_settings(checkpoint.tokenizer_folder, folder / "tokenizer", transformers=major)
    return found


def _write_script(source: Source, folder: Path, version: tuple[int, ...]) -> None:
    """Write the script and ``prompts.jsonl``, tried against the run."""
    path = folder / SCRIPT
    kinds = (False, True) if source.recipe.prompt.chat else (False,)
    for last, as_parts in zip((*[False] * (len(kinds) - 1), True), kinds, strict=True):
        path.write_text(script(source, version, parts=as_parts), "utf-8")
        made = load_script(path)
        try:
            text = prompts_text(made, source)
        except InputError:
            if last:
                raise
            continue
        break
    (folder / "prompts.jsonl").write_text(text, "utf-8")
    require_same_submission(made, source)
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)


def _about(
    source: Source, target: Target | None, weights: str, wanted: Mapping[str, str]
) -> dict[str, Any]:
    """What a rehearsal needs to know."""
    return {
        "script": SCRIPT,
        "engine": source.engine,
        "run_engine": source.own_engine,
        "submission": source.out_name,
        "id": source.competition.profile.submission.id,
        "rows": len(source.parts),
        "weights": weights,
        "target": target.model_dump(exclude_none=True) if target else {},
        "requirements": dict(wanted),
    }


def _write_readmes(
    source: Source, folder: Path, target: Target | None, weights: str, *, wheels: bool
) -> None:
    model = source.recipe.model
    values = {
        "title": source.competition.profile.title,
        "engine": source.engine,
        "test": source.test_name,
        "template": source.template_name,
        "out": source.out_name,
        "python": target.python if target else None,
        "weights": weights,
        "weights_sums": WEIGHTS_SUMS,
        "wheels": wheels,
        "model": model and Path(model.name).name,
        "repository": model and model.name,
        "local": bool(model and Path(model.name).is_absolute()),
        "adapter": source.checkpoint.adapter is not None,
        "retries": bool(source.retries),
        "own": source.engine == source.own_engine,
        "dtype": source.identity["dtype"],
    }
    for name in ("README.md", "README.ko.md"):
        text = environment().get_template(f"{name}.jinja").render(values)
        (folder / name).write_text(text, "utf-8")


def _write_sums(folder: Path, weights: Mapping[str, str]) -> None:
    """Write the digests of every file; those of ``weights`` are known."""
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    digests = {name: weights.get(name) or sha256_file(folder / name) for name in names}
    (folder / SUMS).write_text(_sums(digests), "utf-8")


def _sums(digests: Mapping[str, str]) -> str:
    return "".join(f"{digest}  {name}\n" for name, digest in digests.items())


def _write_json(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, ensure_ascii=False, indent=2) + "\n", "utf-8")

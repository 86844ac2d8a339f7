"""The organizer's versions: read from ``--target``, and made the pins of ``requirements.txt``."""

from __future__ import annotations

import difflib
import platform
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from submission.competitions import find_competition
from submission.competitions.target import Target
from submission.errors import InputError, few
from submission.machine.hardware import VLLM_DISTRIBUTIONS, installed

_ITEM = re.compile(r"([a-z]+)[=-]*(\d+(?:\.\d+)*)")
_VERSIONS = ("python", "torch", "cuda", "transformers", "vllm")
_FORM = (
    f"Give versions of {few(_VERSIONS)}, such as python3.10,torch2.1,cuda11.8, or the name "
    "of a competition that declares a [target]."
)
OLDEST_PYTHON = (3, 10)
OLDEST_TORCH = (2, 0)
OLDEST_TRANSFORMERS = (4, 48)
OLDEST_VLLM = (0, 8)

_FITTING: tuple[tuple[tuple[int, ...], dict[str, str]], ...] = (
    # The newest of each that declare to run on the torch releases below the one on the left.
    ((2, 2), {"transformers": "4.51.3", "peft": "0.15.2", "numpy": "1.26.4"}),
    ((2, 4), {"transformers": "4.57.3", "peft": "0.17.1", "numpy": "1.26.4"}),
)


class Requirement(NamedTuple):
    """A pinned package, and a remark for whoever installs it."""

    name: str
    version: str
    remark: str = ""


def read_target(text: str | None, own: Target | None) -> Target | None:
    """What ``--target`` says: versions such as ``python3.10,torch2.1``, or a competition's name.

    Without it the competition's ``own``, None where it declares none. Raises :class:`InputError`
    for anything else, and for versions that are too old for the script.
    """
    if text is None:
        return own
    items = [item.strip() for item in text.split(",") if item.strip()]
    given: dict[str, str] = {}
    for item in items:
        match = _ITEM.fullmatch(item)
        if match is None or match[1] not in _VERSIONS:
            if len(items) > 1:
                raise _no_version(item)
            return _of_competition(item)
        if match[1] in given:
            raise InputError(f"--target {text}: the version of {match[1]} is given twice.")
        given[match[1]] = match[2]
    if not given:
        raise InputError(f"--target is empty. {_FORM}")
    return Target(**given)  # type: ignore[arg-type]  # the keys are _VERSIONS


def _of_competition(name: str) -> Target:
    try:
        declared = find_competition(name).profile.target
    except InputError:
        raise _no_version(name) from None
    if declared is None:
        raise InputError(f"--target: competition '{name}' declares no [target]. {_FORM}")
    return declared


def _no_version(item: str) -> InputError:
    letters = re.split(r"[^a-z]", item, maxsplit=1)[0]
    close = difflib.get_close_matches(letters, _VERSIONS, n=1)
    hint = f" Did you mean '{close[0]}'?" if close else ""
    return InputError(f"--target: '{item}' is neither a version nor a competition.{hint} {_FORM}")


def requirements(target: Target | None, engine: str, *, adapter: bool) -> list[Requirement]:
    """The packages that the script needs, at the target's versions; else at those in use here.

    Raises :class:`InputError` for versions that the script cannot run with.
    """
    target = target or Target()
    _require("python", target.python, OLDEST_PYTHON)
    _require("torch", target.torch, OLDEST_TORCH)
    _require("transformers", target.transformers, OLDEST_TRANSFORMERS)
    _require("vllm", target.vllm, OLDEST_VLLM)
    if engine == "vllm":
        return [*_of_vllm(target)]
    return [*_of_transformers(target, adapter=adapter)]


def _of_vllm(target: Target) -> Iterator[Requirement]:
    if target.vllm is None and target.torch is not None:
        raise InputError(
            f"--target: torch {target.torch} does not say which vLLM there is: give its version as "
            "well, such as vllm0.14.1, or --engine transformers."
        )
    # It pins torch and transformers itself.
    yield Requirement("vllm", target.vllm or _here(*VLLM_DISTRIBUTIONS))
    if target.vllm is None:
        yield Requirement("transformers", _here("transformers"))


def _of_transformers(target: Target, *, adapter: bool) -> Iterator[Requirement]:
    fitting: dict[str, str] = {}
    if target.torch is not None:
        fitting = next((pins for below, pins in _FITTING if parts(target.torch) < below), {})
    remark = ""
    if target.cuda is not None:
        remark = f"the build for CUDA {target.cuda}, if it has a name of its own, is this version"
    yield Requirement("torch", _full(target.torch) or _here("torch"), remark)
    chosen = target.transformers or fitting.get("transformers")
    yield Requirement("transformers", chosen or _here("transformers"))
    if adapter:
        yield Requirement("peft", fitting.get("peft") or _here("peft"))
    if "numpy" in fitting:
        yield Requirement("numpy", fitting["numpy"], "the last before 2, which this torch needs")
    yield Requirement("jinja2", _here("jinja2"))


def pinned(found: list[Requirement], name: str) -> str | None:
    """The version of ``name`` that is asked for; None where it is not."""
    return next((each.version for each in found if each.name == name), None)


def requirements_text(found: list[Requirement], target: Target | None) -> str:
    """``requirements.txt``."""
    python = (target.python if target else None) or platform.python_version()
    lines = [f"# For Python {python}."]
    for name, version, remark in found:
        lines.append(f"{name}=={version}" + (f"  # {remark}" if remark else ""))
    return "\n".join(lines) + "\n"


def unchecked(
    target: Target | None, wanted: Mapping[str, str], python: str, present: Mapping[str, str]
) -> list[str]:
    """What of the target is not tried with this ``python`` and what is ``present``, as sentences.

    ``wanted`` and ``present`` are versions by package.
    """
    if target is None:
        return []
    told = []
    if target.python is not None and not f"{python}.".startswith(f"{target.python}."):
        told.append(f"Python {target.python}: this is Python {python}.")
    for name, version in wanted.items():
        found = present.get(name)
        if found is None or found.partition("+")[0] != version:
            told.append(f"{name} {version}: here it is {found or 'not installed'}.")
    if target.cuda is not None:
        told.append(f"CUDA {target.cuda}.")
    if target.gpu is not None or target.gpu_memory_gib is not None:
        memory = f"{target.gpu_memory_gib:g} GiB" if target.gpu_memory_gib else ""
        told.append(f"The GPU: {' with '.join(filter(None, (target.gpu, memory)))}.")
    if target.disk_gib is not None:
        told.append(f"The {target.disk_gib:g} GiB of disk space.")
    return told


def versions_here(names: Iterable[str]) -> dict[str, str]:
    """The versions of packages that are installed where leaderkit is."""
    found = {
        name: installed(*(VLLM_DISTRIBUTIONS if name == "vllm" else (name,))) for name in names
    }
    return {name: version for name, version in found.items() if version is not None}


def parts(version: str) -> tuple[int, ...]:
    """A version's numbers, without what names a build."""
    return tuple(map(int, re.findall(r"\d+", version.partition("+")[0])[:3]))


def _require(name: str, version: str | None, oldest: tuple[int, ...]) -> None:
    if version is not None and parts(version) < oldest:
        raise InputError(
            f"--target: {name} {version} is too old for the script, which needs "
            f"{name} {'.'.join(map(str, oldest))} or later."
        )


def _full(version: str | None) -> str | None:
    """A release's whole name: 2.1 is 2.1.0."""
    return version and (f"{version}.0" if version.count(".") == 1 else version)


def _here(*distributions: str) -> str:
    version = installed(*distributions)
    if version is None:
        raise InputError(f"{distributions[0]} is not installed; give its version with --target.")
    return version.partition("+")[0]

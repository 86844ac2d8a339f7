"""Two vLLM engines in a Ray that is started on this machine, one of which is killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from submission.engines.abilities import Ability
from submission.engines.base import Failure, Outcome, Request
from submission.engines.ray.cluster import Cluster
from submission.engines.ray.engine import RayEngine
from submission.engines.transformers.engine import TransformersEngine
from submission.engines.vllm.engine import VllmEngine
from submission.errors import InputError
from submission.machine.hardware import vllm_version
from submission.recipes.ray import Ray
from tests.crash.processes import engine_processes, wait_until_gone
from tests.submission.engines.tiny import context, prompts

pytestmark = pytest.mark.skipif(
    vllm_version() is None or not find_spec("ray"), reason="vLLM or Ray is not installed"
)

SAMPLING = {"max_tokens": 200, "stop": ["wz"]}
TABLE = {"concurrency": 2, "batch_size": 4}


@pytest.fixture
def requests() -> list[Request]:
    return prompts([f"{number}번 벽지에 곰팡이가 왜 생기나요?" for number in range(80)])


def outcomes(steps: Any) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    for step in steps:
        for each in step:
            assert each.key not in found
            found[each.key] = each
    return found


@pytest.mark.vllm
@pytest.mark.slow
def test_two_engines_give_what_one_gives_though_one_is_killed(
    model_folder: Path, requests: list[Request]
) -> None:
    alone = TransformersEngine(context(model_folder, sampling=SAMPLING))
    alone.start()
    expected = outcomes(alone.complete(requests))
    alone.close()

    failing = replace(requests[0], key="failing", tokens=())
    engine = RayEngine(context(model_folder, engine={"ray": TABLE}, sampling=SAMPLING))
    engine.start()
    try:
        steps = engine.complete([*requests, failing])
        first: Sequence[Outcome] = next(steps)
        victim = engines()[0]
        os.kill(victim, signal.SIGKILL)
        found = outcomes([first, *steps])
        failure = found.pop("failing")
        assert isinstance(failure, Failure)
        assert "prompt" in failure.reason
        assert found == expected
    finally:
        engine.close()
    assert wait_until_gone(os.getpid(), 20) == {}


def engines() -> list[int]:
    """The processes of Ray that hold an engine."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = [
            pid for pid, name in engine_processes(os.getpid()).items() if "vLLMEngineStage" in name
        ]
        if found:
            return sorted(found)
    raise AssertionError("no engine")


def test_its_row_keys_are_those_of_one_vllm_engine(model_folder: Path) -> None:
    assert RayEngine(context(model_folder)).identity == VllmEngine(context(model_folder)).identity


def test_the_precision_of_a_cluster_is_not_guessed(model_folder: Path) -> None:
    with pytest.raises(InputError, match=r"^engine.dtype: auto is the precision"):
        RayEngine(context(model_folder, engine={"ray": {"address": "auto"}}))


def test_without_ray_the_command_that_installs_it_is_named(
    model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "submission.engines.ray.engine.find_spec", lambda name: None if name == "ray" else True
    )
    told = r"needs Ray, which is not installed.*pip install 'leaderkit\[gpu,ray\]'"
    with pytest.raises(InputError, match=told):
        RayEngine(context(model_folder))


def test_it_promises_nothing_that_it_does_not_do() -> None:
    assert not RayEngine.abilities & set(Ability)


@pytest.mark.slow
def test_a_cluster_that_is_not_fit_is_refused(tmp_path: Path) -> None:
    own = Cluster(Ray(cpus=1))
    try:
        file = tmp_path / "weights"
        file.write_bytes(b"123")
        own.require(["torch", "vllm"], {str(file): 3})
        with pytest.raises(InputError, match=r"has no .*/weights of 4 bytes"):
            own.require([], {str(file): 4})
        with pytest.raises(InputError, match=r"^engine.ray.concurrency: 1 engines need 99 CPUs"):
            own.require_room(99)
    finally:
        own.close()
    with pytest.raises(InputError, match=r"^engine.ray.address: Ray cannot be reached"):
        Cluster(Ray(address="127.0.0.1:1"))
    assert wait_until_gone(os.getpid()) == {}

from __future__ import annotations

from typing import Any

import pytest

from submission.engines.workers import shares as module
from submission.engines.workers.shares import shares
from submission.errors import InputError
from submission.recipes import Recipe


def recipe(**engine: Any) -> Recipe:
    return Recipe.model_validate({"name": "test", "model": {"name": "m"}, "engine": engine})


@pytest.fixture
def cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "has_gpu", lambda: False)
    monkeypatch.setattr(module, "processors", lambda: [0, 1, 4, 5, 6])


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "has_gpu", lambda: True)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, 5,7,GPU-9")


def test_without_a_gpu_every_processor_belongs_to_one_worker(
    cpu: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VLLM_CPU_OMP_THREADS_BIND", "0-5")
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    first, second = shares(recipe(workers=2))
    assert (first.processors, second.processors) == ([0, 4, 6], [1, 5])
    assert first.environment["OMP_NUM_THREADS"] == "3"
    assert second.environment["OMP_NUM_THREADS"] == "2"
    assert "VLLM_CPU_OMP_THREADS_BIND" not in first.environment


@pytest.mark.parametrize(
    ("engine", "visible"),
    [
        ({"workers": 4}, ["3", "5", "7", "GPU-9"]),
        ({"workers": 2}, ["3", "5"]),
        ({"workers": 2, "tensor_parallel_size": 2}, ["3,5", "7,GPU-9"]),
    ],
)
def test_a_worker_sees_only_its_own_of_the_gpus(
    gpu: None, engine: dict[str, int], visible: list[str]
) -> None:
    found = shares(recipe(**engine))
    assert [each.environment["CUDA_VISIBLE_DEVICES"] for each in found] == visible
    assert not any(each.processors for each in found)


def test_more_workers_than_the_machine_has_room_for_are_refused(cpu: None) -> None:
    told = r"^engine.workers: 6 workers need 6 processors, and this process may use 5. Lower it to"
    with pytest.raises(InputError, match=told):
        shares(recipe(workers=6))


def test_more_workers_than_gpus_are_refused(gpu: None) -> None:
    told = r"^engine.workers: 2 workers need 6 GPUs, and this process may use 4. Lower it to 1"
    with pytest.raises(InputError, match=told):
        shares(recipe(workers=2, tensor_parallel_size=3))

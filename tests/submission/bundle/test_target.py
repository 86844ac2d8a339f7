"""The organizer's versions, and the pins that follow from them."""

from __future__ import annotations

import pytest

from submission.bundle.target import (
    Requirement,
    read_target,
    requirements,
    requirements_text,
    unchecked,
)
from submission.competitions.target import Target
from submission.errors import InputError


def pins(target: str, engine: str = "transformers", *, adapter: bool = False) -> dict[str, str]:
    found = requirements(read_target(target, None), engine, adapter=adapter)
    return {each.name: each.version for each in found}


def test_packages_fit_the_organizer_s_torch() -> None:
    """numpy 2 does not load torch 2.1; transformers 4.57 declares torch 2.2."""
    found = pins("python3.10,torch2.1,cuda11.8", adapter=True)
    assert found["torch"] == "2.1.0"
    assert found["transformers"] == "4.51.3"
    assert found["numpy"] == "1.26.4"
    assert found["peft"] == "0.15.2"


def test_a_transformers_that_is_named_is_taken() -> None:
    assert pins("torch2.1,transformers4.49.0")["transformers"] == "4.49.0"


def test_vllm_brings_its_own_torch() -> None:
    assert pins("python3.10,vllm0.14.1", "vllm") == {"vllm": "0.14.1"}


def test_a_competition_s_target_is_that_which_it_declares() -> None:
    target = read_target("dacon-236527", None)
    assert target is not None
    assert (target.python, target.torch, target.cuda, target.minutes, target.memory_gib) == (
        "3.10", "2.1.0", "11.8", 270, 41,
    )  # fmt: skip
    own = Target(minutes=20)
    assert read_target(None, own) is own


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pyton3.10", "Did you mean 'python'?"),
        ("python3.10,torc2.1", "'torc2.1' is neither a version nor a competition"),
        ("python", "'python' is neither"),
        ("korquad1", "competition 'korquad1' declares no [target]"),
        ("torch2.1,torch2.2", "given twice"),
        (",", "is empty"),
        ("python3.9", "python 3.9 is too old"),
        ("torch1.13", "torch 1.13 is too old"),
    ],
)
def test_what_is_no_target_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        pins(text)
    assert said in str(refused.value)


@pytest.mark.parametrize(("target", "said"), [("torch2.1", "which vLLM"), ("vllm0.3.3", "too old")])
def test_a_vllm_that_the_script_cannot_run_with_is_refused(target: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        pins(target, "vllm")


def test_requirements_say_which_python_they_are_for() -> None:
    found = [Requirement("torch", "2.1.0", "why"), Requirement("jinja2", "3.1.6")]
    assert requirements_text(found, Target(python="3.10")) == (
        "# For Python 3.10.\ntorch==2.1.0  # why\njinja2==3.1.6\n"
    )


def test_what_a_machine_lacks_of_the_target_is_told() -> None:
    target = Target(python="3.1", cuda="11.8", gpu="L4", gpu_memory_gib=22.5)
    wanted = {"torch": "2.1.0", "numpy": "1.26.4", "jinja2": "3.1.6"}
    present = {"torch": "2.1.0+cu118", "numpy": "2.3.5"}
    assert unchecked(target, wanted, "3.10.13", present) == [
        "Python 3.1: this is Python 3.10.13.",
        "numpy 1.26.4: here it is 2.3.5.",
        "jinja2 3.1.6: here it is not installed.",
        "CUDA 11.8.",
        "The GPU: L4 with 22.5 GiB.",
    ]
    assert unchecked(Target(python="3.10"), {}, "3.10.13", {}) == []
    assert unchecked(None, wanted, "3.10.13", {}) == []

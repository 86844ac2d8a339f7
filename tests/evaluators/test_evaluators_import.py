from __future__ import annotations

import subprocess
import sys

import pytest

import evaluators

HEAVY = ("torch", "pandas", "sklearn", "scipy", "numpy", "transformers", "rich")


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = f"import evaluators, sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_listing_metrics_and_scoring_text_need_no_model_library() -> None:
    code = (
        "import sys; from evaluators import available, build_metric, Example\n"
        "available(); m = build_metric('f1:rule=korquad1')\n"
        "m.rows([Example('1', '가', ('가',))])\n"
        "print([m for m in ('torch', 'transformers', 'sklearn', 'pandas') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize("name", dir(evaluators))
def test_every_public_name_resolves_and_is_documented(name: str) -> None:
    value = getattr(evaluators, name)
    assert value.__doc__ or name == "References"


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        evaluators.__getattr__("nonsense")

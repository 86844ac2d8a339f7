from __future__ import annotations

import json
from importlib.metadata import version

import numpy as np
import pytest

from evaluators import EvaluationError, Example, Score, Signature
from evaluators.base import References
from evaluators.metrics.rowwise import check_references, combine


def test_signature_reads_in_the_order_given_with_the_version_last() -> None:
    signature = Signature.of("cosine", refs="mean", encoder="x@0123abcd", dims=512, clip=False)
    v = version("leaderkit")
    assert str(signature) == f"cosine|refs:mean|encoder:x@0123abcd|dims:512|clip:0|v:{v}"


def test_signature_leaves_out_none_and_keeps_its_separators_to_itself() -> None:
    assert Signature.of("m", a=None, b="x|y\nz").options == (("b", "x_y z"),)


def test_score_as_plain_values_holds_no_rows() -> None:
    score = Score("em", 0.5, 0.1, 0.9, 2, "higher", "em|v:1", False, np.array([0.0, 1.0]))
    assert json.loads(json.dumps(score.to_dict())) == {
        "metric": "em",
        "value": 0.5,
        "low": 0.1,
        "high": 0.9,
        "n": 2,
        "direction": "higher",
        "signature": "em|v:1",
        "proxy": False,
    }


def test_examples_compare_and_hash_whatever_they_carry() -> None:
    one = Example("1", "a", ("b",), np.ones(2, np.float32), {"k": "v"})
    two = Example("1", "a", ("b",), np.zeros(2, np.float32), {"k": "v"})
    assert one == two
    assert hash(one) == hash(two)


@pytest.mark.parametrize(("how", "expected"), [("first", 0.2), ("mean", 0.4), ("max", 0.6)])
def test_several_references_become_one_number(how: References, expected: float) -> None:
    assert combine([0.2, 0.4, 0.6], how) == pytest.approx(expected)


def test_unknown_aggregation_names_the_choices() -> None:
    with pytest.raises(EvaluationError, match="first, mean, max"):
        check_references("median")

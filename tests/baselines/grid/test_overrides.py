"""Tables of recipe fields as the overrides that recipes take."""

from __future__ import annotations

from pathlib import Path

import pytest

from baselines.grid.overrides import overrides
from submission.recipes import find_recipe


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt.template", 'A "quoted"\n\\ {{ question }} 질문'),
        ("sampling.stop", ["</s>", "\n"]),
        ("sampling.temperature", 0.7),
        ("prompt.chat", True),
        ("options.answer", "7 = '\""),
        ("answer", "7"),
        ("model.adapter", ""),
    ],
)
def test_any_value_reaches_the_recipe_as_it_is(tmp_path: Path, field: str, value: object) -> None:
    fields = {"model.name": "m", field: value} if field.startswith("model") else {field: value}
    recipe = find_recipe("nearest", overrides(fields, tmp_path)).model_dump()

    key = field if "." in field else f"options.{field}"
    for part in key.split("."):
        recipe = recipe[part]
    assert recipe == value

from __future__ import annotations

from pathlib import Path

import pytest

from submission.errors import InputError
from submission.recipes import find_recipe, list_recipes


def test_the_open_book_system_is_tuned_as_published() -> None:
    # Published: direct preference optimization with beta 0.1 over the same adapter's shape.
    found = find_recipe("open-book-gem2-dpo")
    trained = find_recipe("open-book-gem2")
    assert found.name == "open-book-gem2:dpo"
    assert found.preference is not None
    assert found.preference.beta == 0.1
    assert found.training is not None
    assert trained.training is not None
    assert found.training.lora == trained.training.lora
    assert (found.model, found.prompt) == (trained.model, trained.prompt)


def test_a_variant_is_found_under_its_alias() -> None:
    listed = {entry.name: entry.aliases for entry in list_recipes()}
    assert listed["open-book-gem2:dpo"] == ("open-book-gem2-dpo",)
    assert find_recipe("open-book-gem2-dpo") == find_recipe("open-book-gem2:dpo")
    with pytest.raises(InputError, match="Did you mean 'open-book-gem2-dpo'"):
        find_recipe("open-book-gem-dpo")


def test_a_training_without_alpha_has_the_declared_one() -> None:
    found = find_recipe("embedded", ["training.lora.rank=4"])
    assert found.training is not None
    assert isinstance(found.training.lora.alpha, float)


CONFLICTING = """\
name = "mine"
[model]
name = "embedded"
kind = "seq2seq"
[training]
method = "full"
[preference]
beta = 0.1
"""


def test_what_tuning_rules_out_is_reported_at_once(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(CONFLICTING)
    with pytest.raises(InputError) as caught:
        find_recipe(str(path))
    assert "2 problems" in str(caught.value)
    assert "'preference': is for causal models" in str(caught.value)
    assert "'training.method': preference tuning trains an adapter" in str(caught.value)
    path.write_text(CONFLICTING.replace('kind = "seq2seq"', ""))
    with pytest.raises(InputError, match=r"'training\.packing': preference pairs cannot be packed"):
        find_recipe(str(path), ["training.method=lora", "training.packing=true"])
    with pytest.raises(InputError, match=r"'training\.loss_on': only the answers"):
        find_recipe(str(path), ["training.method=lora", "training.loss_on=all"])
    with pytest.raises(InputError, match=r"'preference\.beta': input should be greater than 0"):
        find_recipe(str(path), ["training.method=lora", "preference.beta=0"])
    with pytest.raises(InputError, match=r"'preference': needs a \[training\] table"):
        find_recipe("gemma-2b", ["preference.beta=0.1"])

"""Which tokenizer an adapter is asked with, and what is said where it is not the base's."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from submission.adapters.tokenizer import choose
from submission.adapters.tokenizer_faults import TEMPLATE
from submission.errors import InputError
from submission.files.digest import folder_digest, sha256_file
from tests.models import tokenizer_with

CHAT = "{% for message in messages %}{{ message.content }}{% endfor %}"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return saved(tmp_path / "base", tokenizer_with())


@pytest.fixture
def adapter(tmp_path: Path) -> Path:
    folder = tmp_path / "adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_text("{}")
    return folder


def saved(folder: Path, tokenizer: Any) -> Path:
    tokenizer.save_pretrained(folder)
    return folder


def test_without_one_of_its_own_the_bases_is_used(base: Path, adapter: Path) -> None:
    for given in (None, adapter):
        chosen = choose(base, given)
        assert (chosen.origin, chosen.folder, chosen.warning()) == ("base", base, None)
        assert chosen.digest(sha256_file) == folder_digest(base, sha256_file)


def test_an_equal_one_is_the_bases(base: Path, adapter: Path) -> None:
    """Answers that were made before the adapter's was looked at can still be used."""
    saved(adapter, tokenizer_with())
    chosen = choose(base, adapter)
    assert (chosen.origin, chosen.folder, chosen.warning()) == ("adapter", base, None)
    assert chosen.digest(sha256_file) == folder_digest(base, sha256_file)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"special": ["<새>"]}, ["has '<새>'"]),
        ({"after": "</s>"}, ["what is added to it"]),
        ({"before": "<s>", "special": ["<s>"]}, ["has '<s>'", "bos_token ('<s>' instead of None)"]),
        ({"eos_token": "<unk>"}, ["eos_token ('<unk>' instead of '</s>')"]),
        ({"chat_template": CHAT}, ["chat template"]),
    ],
)
def test_the_adapters_is_used_and_differences_are_named(
    changes: dict[str, Any], named: list[str], base: Path, adapter: Path
) -> None:
    made = {key: changes[key] for key in ("before", "after", "special") if key in changes}
    own = tokenizer_with(**made)
    for key in changes.keys() - made.keys():
        setattr(own, key, changes[key])
    saved(adapter, own)
    chosen = choose(base, adapter)
    assert (chosen.origin, chosen.folder) == ("adapter", adapter)
    assert chosen.tokenizer("가")["input_ids"] == own("가")["input_ids"]
    assert chosen.digest(sha256_file) == folder_digest(adapter, sha256_file)
    warning = chosen.warning()
    assert warning is not None
    assert all(each in warning for each in named)


def test_a_chat_template_that_stands_alone_is_put_on_the_bases(base: Path, adapter: Path) -> None:
    (adapter / TEMPLATE).write_text(CHAT, encoding="utf-8")
    chosen = choose(base, adapter)
    assert chosen.tokenizer.chat_template == CHAT
    assert chosen.folder == base
    warning = chosen.warning()
    assert warning is not None
    assert "chat template of its own" in warning
    assert chosen.digest(sha256_file) != folder_digest(base, sha256_file)
    shutil.copy(adapter / TEMPLATE, base)
    assert choose(base, adapter).warning() is None


def test_the_recipes_comes_before_both(base: Path, adapter: Path, tmp_path: Path) -> None:
    saved(adapter, tokenizer_with(special=["<새>"]))
    declared = saved(tmp_path / "declared", tokenizer_with(special=["<또>"]))
    chosen = choose(base, adapter, declared=declared)
    assert chosen.origin == "recipe"
    assert "<또>" in chosen.tokenizer.get_vocab()


def test_a_base_without_a_tokenizer_takes_the_adapters(tmp_path: Path, adapter: Path) -> None:
    base = tmp_path / "bare"
    base.mkdir()
    saved(adapter, tokenizer_with())
    chosen = choose(base, adapter)
    assert (chosen.folder, chosen.warning()) == (adapter, None)


def test_one_that_cannot_be_loaded_is_the_adapters(base: Path, adapter: Path) -> None:
    (adapter / "tokenizer_config.json").write_text('{"tokenizer_class": "Nothing"}')
    with pytest.raises(InputError, match=r"adapter.* then the base's tokenizer is used\."):
        choose(base, adapter)


def test_a_chat_template_that_is_no_text_is_named(base: Path, adapter: Path) -> None:
    (adapter / TEMPLATE).write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"adapter/chat_template\.jinja: is not UTF-8"):
        choose(base, adapter)
    (base / TEMPLATE).write_bytes(b"\xff\xfe")
    (adapter / TEMPLATE).unlink()
    with pytest.raises(InputError, match=r"base/chat_template\.jinja: is not UTF-8"):
        choose(base, adapter)


def test_settings_of_a_tokenizer_alone_are_no_tokenizer(base: Path, adapter: Path) -> None:
    saved(adapter, tokenizer_with())
    (adapter / "tokenizer.json").unlink()
    with pytest.raises(InputError, match=r"adapter: has no vocabulary.* Or remove its tokenizer"):
        choose(base, adapter)

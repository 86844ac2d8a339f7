"""The keys of chats and of thinking: what cannot be together, and a template from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from submission.cli import run
from submission.errors import InputError
from submission.files.toml import validate
from submission.recipes import Recipe, find_recipe

MODEL = {"name": "some/model"}


def test_a_recipe_without_the_new_keys_is_dumped_as_before() -> None:
    dumped = Recipe.model_validate({"name": "mine", "model": MODEL}).model_dump()
    assert "thinking" not in dumped
    assert set(dumped["prompt"]) == {"template", "system", "chat", "special_tokens", "compound"}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"thinking": {"open": "<a>"}}, "thinking.close"),
        ({"thinking": {"open": "<a>", "close": "</a>", "parser": "qwen3"}}, "thinking.parser"),
        ({"thinking": {}, "model": None}, "thinking"),
        ({"thinking": {"budget": 256}}, "sampling.max_tokens"),
        ({"thinking": {"budget": 64}, "retry": {"max_tokens": 64}}, "retry.max_tokens"),
        ({"thinking": {}, "extraction": {"after": "</think>"}}, "extraction.after"),
        ({"thinking": {}, "prompt": {"chat": True, "prefill": "답:"}}, "prompt.prefill"),
        (
            {
                "thinking": {},
                "prompt": {"chat": True, "chat_template_kwargs": {"enable_thinking": False}},
            },
            "prompt.chat_template_kwargs",
        ),
        ({"prompt": {"prefill": "답:"}}, "prompt.prefill"),
        ({"prompt": {"fold_system": True}}, "prompt.fold_system"),
        ({"prompt": {"chat_template": "{{ messages }}"}}, "prompt.chat_template"),
    ],
)
def test_what_cannot_be_together_is_refused_by_its_key(table: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=rf"(?m){said.replace('.', '[.]')}\b"):
        validate(Recipe, {"name": "mine", "model": MODEL, **table}, "mine.toml")


def test_a_chat_template_is_read_from_the_file_beside_the_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "chat.jinja").write_text("{{ messages[0].content }}\n", encoding="utf-8")
    recipe = tmp_path / "mine.toml"
    recipe.write_text(
        'name = "mine"\n[model]\nname = "m"\n[prompt]\nchat = true\nchat_template = "chat.jinja"\n',
        encoding="utf-8",
    )
    assert find_recipe(str(recipe)).prompt.chat_template == "{{ messages[0].content }}\n"
    given = find_recipe(str(recipe), ["prompt.chat_template={{ messages }}"])
    assert given.prompt.chat_template == "{{ messages }}"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "here.jinja").write_text("{{ 1 }}", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "elsewhere")
    given = find_recipe(str(recipe), ["prompt.chat_template=here.jinja"])
    assert given.prompt.chat_template == "{{ 1 }}"
    with pytest.raises(InputError, match=r"^prompt\.chat_template: lost\.jinja: .*no such file"):
        find_recipe(str(recipe), ["prompt.chat_template=lost.jinja"])


def test_a_table_without_keys_is_written_out_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "mine.toml"
    recipe.write_text('name = "mine"\n[model]\nname = "m"\n[thinking]\n', encoding="utf-8")
    assert run(["recipes", str(recipe)]) == 0
    again = tmp_path / "again.toml"
    again.write_text(capsys.readouterr().out, encoding="utf-8")
    assert find_recipe(str(again)) == find_recipe(str(recipe))

"""Leftovers of models and tokenizers, and characters that nobody sees."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from submission.check.leftovers import leftovers
from submission.check.text import check_text
from submission.competitions.format import SubmissionFormat
from submission.prompts.special import telling_tokens
from submission.submit.manifest import manifest_path, special_tokens_of
from submission.tables import read_table


def codes(text: str, *special_tokens: str) -> set[str]:
    return {kind.code for kind in leftovers(special_tokens) if kind.pattern.search(text)}


@pytest.mark.parametrize(
    "mark",
    [
        "<think>", "</think>", "<thinking>", "[|endofturn|]", "[|assistant|]", "[|system|]",
        "<｜end▁of▁sentence｜>", "<｜User｜>", "<turn|>", "<|turn>", "<<SYS>>", "<</SYS>>",
        "<end_of_turn>", "<start_of_turn>", "<start_of_image>", "<|im_end|>", "<|eot_id|>",
        "<|endoftext|>", "<|start_header_id|>", "[INST]", "[/INST]", "<unused0>", "<unused6241>",
        "<extra_id_0>", "<channel|>", "<|channel|>", "<|channel>", "<s>", "</s>", "<eos>", "<EOS>",
        "<pad>", "<unk>", "[SEP]", "[CLS]", "[UNK]", "[gMASK]", "<tool_call>", "[TOOL_CALLS]",
        "[THINK]", "[/THINK]", "<thought>", "</thought>", "<seed:think>", "◁/think▷",
    ],
)  # fmt: skip
def test_special_tokens_of_known_families_are_found_anywhere_in_a_text(mark: str) -> None:
    for text in (mark, f"답은 종이{mark}", f"{mark} 종이", f"종이 {mark} 벽지"):
        assert "text-marks" in codes(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("종이<0x0A>벽지", "text-pieces"),
        ("종이▁벽지", "text-pieces"),
        ("▁종이", "text-pieces"),
        ("helloĠworld", "text-pieces"),
        ("종이.Ċ", "text-pieces"),
        ("play ##ing", "text-pieces"),
        ("종이 ##가", "text-pieces"),
        ("종이\ufffd", "text-replaced"),
        (unicodedata.normalize("NFD", "종이"), "text-decomposed"),
        ("종\u200b이", "text-invisible"),
        ("\ufeff종이", "text-invisible"),
        ("종이\u200d", "text-invisible"),
        ("종\u200d이", "text-invisible"),
        ("종\u3164이", "text-invisible"),
        ("\u202e종이", "text-direction"),
        ("종이\u2069", "text-direction"),
        ("종\x00이", "text-control"),
        ("종\x1b[31m이", "text-control"),
        ("종\x85이", "text-control"),
    ],
)
def test_each_other_leftover_is_a_kind_of_its_own(text: str, code: str) -> None:
    assert codes(text) == {code}


@pytest.mark.parametrize(
    "text",
    [
        "<b>굵게</b>", "<벽지>", "a < b", "3 < 5 이고 7 > 5", "[1] 종이", "[주의] 환기",
        "a|b", "|a|",
        "if (a<b||c>d)", "x <= y", "P(A|B) > P(B|A)", "⟨a|b⟩", "<br/>줄", "<strong>중요</strong>",
        "<https://example.org/a_b>", "List<String> items", "vector<int>", "# 제목", "## 제목",
        "1) 하나 ## 둘", "C# 코드", "#태그", "▁▂▃▄", "■▁■", "il-Ġimgħa", "Ġorġ", "👨‍👩‍👧", "❤️",
        "می‌خواهم", "क्‍ष", "ㄱㄴㄷ", "ㅋㅋ", "ᄒᆞᆫ글", "첫 줄\n둘째 줄", "탭\t하나", "“인용”", "① 하나",
        "｜표｜", "<답>", "<문제 1>", "[A] [B]", "f(x)=|x|", "2³", "Ωmega", "é", "日本語", "…",
    ],
)  # fmt: skip
def test_ordinary_text_is_no_leftover(text: str) -> None:
    assert codes(text) == set()


def test_a_models_own_tokens_are_found_where_no_family_has_them() -> None:
    assert codes("종이 [끝]") == set()
    assert codes("종이 [끝]", "[끝]") == {"text-marks"}


def test_tokens_that_a_text_may_hold_are_not_looked_for() -> None:
    given = ["<|im_end|>", "<unused1>", "[끝]", "하나", "OK", "..", "   ", "<custom-end>"]
    assert telling_tokens(given) == ["<custom-end>", "[끝]"]


def test_a_finding_counts_and_shows_and_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("id,answer\n1,종이\n2,벽지<|im_end|>\n3,<|im_end|>\n4,종\u200b이\n")
    found = list(check_text(SubmissionFormat(id="id", answer="answer"), read_table(path)))
    assert [(each.code, each.row, each.count) for each in found] == [
        ("text-marks", 3, 2),
        ("text-invisible", 5, 1),
    ]
    assert "2 answers hold special tokens of a model, such as '<|im_end|>'" in found[0].message
    assert "first in row 3, column 'answer'" in found[0].message
    assert "extraction.cut" in found[0].message
    assert "U+200B" in found[1].message


@pytest.mark.parametrize(
    ("manifest", "tokens"),
    [
        ({"run": {"special_tokens": ["[끝]"]}}, ["[끝]"]),
        ({"run": {}}, []),
        ({"source": 1}, []),
        ([], []),
        ({"run": {"special_tokens": 3}}, []),
    ],
)
def test_the_models_tokens_are_read_from_the_manifest(
    tmp_path: Path, manifest: object, tokens: list[str]
) -> None:
    path = tmp_path / "s.csv"
    assert special_tokens_of(path) == []
    manifest_path(path).write_text(json.dumps(manifest))
    assert special_tokens_of(path) == tokens

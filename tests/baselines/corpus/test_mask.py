"""Masking: what is found on the labelled sentences, and that no value is anywhere afterwards."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.corpus.execute import Applied, execute
from baselines.corpus.folder import Corpus
from baselines.corpus.mask import checks
from baselines.corpus.mask.step import PLACEHOLDERS, Mask, MaskSettings, find
from baselines.corpus.record import Record, Source, encoder
from submission.errors import InputError

ROOT = Path(__file__).parents[3]
SENTENCES = ROOT / "data_sample" / "corpus" / "pii" / "sentences.jsonl"
PAGE = ROOT / "docs" / "corpus" / "mask.md"
FIXED = (
    "phone", "email", "resident", "foreigner", "passport", "driver", "business", "corporation",
    "card", "account", "vehicle", "insurance", "employee", "ip", "url-user", "postcode", "birth",
)  # fmt: skip


def labelled() -> list[dict[str, object]]:
    return [json.loads(line) for line in SENTENCES.open(encoding="utf-8")]


def counted(rows: Iterable[Mapping[str, object]]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {"right": Counter(), "wrong": Counter(), "missed": Counter()}
    for row in rows:
        got = set(find(str(row["text"])))
        wanted = {tuple(span) for span in row["spans"]}  # type: ignore[attr-defined]
        for name, spans in (
            ("right", got & wanted), ("wrong", got - wanted), ("missed", wanted - got)
        ):  # fmt: skip
            found[name].update(span[2] for span in spans)
    return found


def shares(found: Mapping[str, Counter[str]], kinds: Iterable[str]) -> tuple[float, float]:
    """Recall and precision."""
    right, wrong, missed = (
        sum(found[name][kind] for kind in kinds) for name in ("right", "wrong", "missed")
    )
    return right / (right + missed), right / (right + wrong)


def record(*texts: str, name: str = "made:1") -> Record:
    return Record(
        id=name, source=Source("made", "made.jsonl", "1"), task="qa", documents=texts, question="?"
    )


def masked(*texts: str, **settings: object) -> tuple[str, ...]:
    batch = Mask(MaskSettings(**settings)).apply([record(*texts)], 0)  # type: ignore[arg-type]
    return batch.kept[0].documents


def test_numbers_of_a_fixed_form_are_found_and_what_only_looks_like_them_is_not() -> None:
    rows = labelled()
    assert len(rows) >= 400
    assert sum(not row["spans"] for row in rows) >= len(rows) / 3
    recall, precision = shares(counted(rows), FIXED)
    assert recall >= 0.98
    assert precision >= 0.98


def test_the_table_of_the_page_is_what_is_measured() -> None:
    found = counted(labelled())
    lines = [
        f"| {kind} | {placeholder} | {found['right'][kind] + found['missed'][kind]} "
        f"| {shares(found, [kind])[0]:.3f} | {shares(found, [kind])[1]:.3f} |"
        for kind, placeholder in PLACEHOLDERS.items()
    ]
    page = PAGE.read_text("utf-8")
    assert "\n".join(lines) in page, "\n".join(lines)


@pytest.mark.parametrize(
    ("check", "number", "right"),
    [
        # The specimen of the Ministry's resident card, and its last digit changed.
        (checks.resident, "9001011234568", True),
        (checks.resident, "9001011234567", False),
        # Samsung Electronics' numbers, as its filings give them.
        (checks.business, "1248100998", True),
        (checks.business, "1248100997", False),
        (checks.corporation, "1301110006246", True),
        (checks.corporation, "1301110006247", False),
        # The test number that payment providers publish.
        (checks.luhn, "4111111111111111", True),
        (checks.luhn, "4111111111111112", False),
        (checks.postcode, "06236", True),
        (checks.postcode, "60123", False),
    ],
)
def test_check_digits_are_those_of_published_numbers(
    check: object, number: str, right: bool
) -> None:
    assert check(number) is right


def test_a_phone_number_that_phonenumbers_holds_for_valid_is_found() -> None:
    for text in (
        "010-2345-6789",
        "02-312-3456",
        "031-221-1234",
        "+82-10-2345-6789",
        "070-4123-4567",
    ):
        assert phonenumbers.is_valid_number(phonenumbers.parse(text, "KR"))
        assert masked(f"전화는 {text}입니다.") == ("전화는 [전화번호1]입니다.",)


def test_a_value_has_one_placeholder_in_all_of_its_record() -> None:
    assert masked(
        "김서준 과장 번호는 010-2345-6789이고 이하윤 팀장은 010-2345-0000이다.",
        "010.2345.6789로 김서준 과장에게 물었다. <NAME>님도 함께.",
    ) == (
        "[이름1] 과장 번호는 [전화번호1]이고 [이름2] 팀장은 [전화번호2]이다.",
        "[전화번호1]로 [이름1] 과장에게 물었다. <NAME>님도 함께.",
    )


def test_a_key_makes_pseudonyms_that_hold_in_the_whole_corpus(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MASK_KEY", "a secret of sixteen or more")
    (one,), (other,) = (masked(f"{start} 010-2345-6789", key_env="MASK_KEY") for start in "가나")
    assert re.fullmatch(r"가 \[전화번호:[a-p]{12}\]", one)
    assert one[1:] == other[1:]
    monkeypatch.setenv("MASK_KEY", "another secret that is as long")
    assert masked("가 010-2345-6789", key_env="MASK_KEY") != (one,)
    monkeypatch.setenv("MASK_KEY", "short")
    with pytest.raises(InputError, match="MASK_KEY holds no key") as raised:
        masked("가", key_env="MASK_KEY")
    assert "short" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        *("제품 문의 010-2345-6789", "제품 문의: 02-312-3456", "010 - 2345 - 6789로 전화"),
        *("0082-10-2345-6789", "０１０－２３４５－６７８９", "15881234로 전화 주세요"),
        *("전화는 1588 1234", "공이 삼일이에 삼사오육", "주민등록번호 210305 3123456"),
        *("850314 1234562", "900101-*******", "900101-1ㅇㅇㅇㅇㅇㅇ", "계좌 1234567890123456"),
        *("우편번호는 06236이다", "1987년 3월 2일생", "1987년 3월 2일에 태어난"),
        "가" * 2_500 + " 가온시 북문로 12에 산다",
    ],
)
def test_values_are_found_as_people_write_them(text: str) -> None:
    assert masked(text) != (text,)


@pytest.mark.parametrize(
    "text",
    [
        *("냉장고 1588-2024 모델", "1588-2024형 냉장고", "조선 후기(1588-1600)", "1588-1598년"),
        *("인구 1800-1899", "점수 1600-2000", "바코드 8801234567890", "25도 1500m"),
        *("우체국 택배 송장 1234567890123", "한국은행 통계표 2010-2020-2030"),
        *("3.1.2.5절 참조", "절 1.2.3.4", "고구마 씨를 심는다"),
    ],
)
def test_what_only_looks_like_a_value_is_left(text: str) -> None:
    assert masked(text) == (text,)


@pytest.mark.parametrize("settings", [{"kinds": ("email",)}, {"names": False}])
def test_samples_show_no_value_of_a_kind_that_stays(settings: dict[str, Any]) -> None:
    text = "이하윤 팀장, 010-2345-6789, 900101-1234568, reader@example.com"
    batch = Mask(MaskSettings(**settings)).apply([record(text)], 0)
    (sample,) = batch.samples
    for value in ("이하윤", "010-2345-6789", "900101-1234568", "reader@"):
        assert value not in sample.before + sample.after


def test_a_value_is_found_wherever_a_long_text_is_cut() -> None:
    text = "가" * ((1 << 20) - 5) + " 010-2345-6789 " + "나" * 50
    (found,) = masked(text)
    assert "2345" not in found


def test_only_the_kinds_that_are_asked_for_are_masked() -> None:
    text = "이하윤 팀장, 010-2345-6789, reader@example.com"
    assert masked(text, kinds=("email",)) == ("이하윤 팀장, 010-2345-6789, [이메일1]",)
    assert masked(text, names=False) == ("이하윤 팀장, [전화번호1], [이메일1]",)
    with pytest.raises(InputError, match="no 'mail'"):
        masked(text, kinds=("mail",))


def test_no_value_is_anywhere_in_the_output(tmp_path: Path) -> None:
    rows = labelled()
    records = [record(str(row["text"]), name=f"made:{n}") for n, row in enumerate(rows)]
    source = tmp_path / "in.jsonl"
    source.write_bytes(encoder.encode_lines(records))
    done = execute(
        Applied(Mask(MaskSettings()), Corpus.open(source)), tmp_path / "out", say=lambda _: None
    )
    assert done.manifest.counts["changed"] > 200
    written = "".join(path.read_text("utf-8") for path in sorted(done.out.iterdir()))
    for row in rows:
        for start, stop, kind in row["spans"]:  # type: ignore[attr-defined]
            if kind in FIXED and kind not in {"postcode", "employee", "birth"}:
                assert str(row["text"])[start:stop] not in written


PIECES = st.sampled_from(
    [
        *("010-2345-6789", "계좌 ", "110-123-456789", "김서준 ", "기자", "[이름1]", "주민 "),
        *(
            "[계좌번호:abcdefghijkl]",
            "900101-1234568",
            "1588-1234",
            " ",
            "은행",
            "가온시 북문로 12",
        ),
        *("reader@example.com", "공일공 일이삼사 오육칠팔", "생년월일 ", "1990.01.02", "\n"),
        *("가온시 북문로 12", "법인등록번호", "우편번호 ", "06236", "a", "12가3456", "-", "1"),
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=80))
def test_what_is_masked_is_not_masked_again_and_the_rest_is_as_it_was(text: str) -> None:
    (once,) = masked(text)
    assert masked(once) == (once,)
    kept = re.split(r"\[[^\[\]]{1,20}\]", once)
    place = 0
    for part in kept:
        place = text.find(part, place)
        assert place >= 0
        place += len(part)

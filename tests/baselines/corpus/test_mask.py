"""Masking: what is found on the labelled sentences, and that no value is anywhere afterwards."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

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
    assert re.fullmatch(r"가 \[전화번호:[a-p]{8}\]", one)
    assert one[1:] == other[1:]
    monkeypatch.setenv("MASK_KEY", "another secret that is as long")
    assert masked("가 010-2345-6789", key_env="MASK_KEY") != (one,)
    monkeypatch.setenv("MASK_KEY", "short")
    with pytest.raises(InputError, match="MASK_KEY holds no key") as raised:
        masked("가", key_env="MASK_KEY")
    assert "short" not in str(raised.value)


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
        *("[계좌번호:abcdefgh]", "900101-1234568", "1588-1234", " ", "은행", "가온시 북문로 12"),
        *("reader@example.com", "공일공 일이삼사 오육칠팔", "생년월일 ", "1990.01.02", "\n"),
        *("법인등록번호", "우편번호 ", "06236", "a", "12가3456", "-", "1"),
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join) | st.text(max_size=80))
def test_what_is_masked_is_not_masked_again_and_the_rest_is_as_it_was(text: str) -> None:
    (once,) = masked(text)
    assert masked(once) == (once,)
    kept = re.split(r"\[[^\[\]]{1,12}\]", once)
    place = 0
    for part in kept:
        place = text.find(part, place)
        assert place >= 0
        place += len(part)

"""Structure in an answer's text: ranked lists, numbers, probabilities, members."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.text.structured import (
    finite,
    json_steps,
    member,
    number,
    parse_json,
    probabilities,
    ranked,
    value_at,
)


@pytest.mark.parametrize(
    ("text", "separator", "items"),
    [
        ('["C", "A"]', None, ["C", "A"]),
        (' ["문서 1", " 문서 2 ", ""] ', None, ["문서 1", "문서 2"]),
        ("[3, 1.5]", None, ["3", "1.5"]),
        ("[]", None, []),
        ("C A  B", " ", ["C", "A", "B"]),
        ("C|A | B", "|", ["C", "A", "B"]),
        ('["C", "A"]', " ", ["C", "A"]),
        ("", " ", []),
        ("C A", None, None),
        ('["C", ["A"]]', None, None),
        ("[true]", None, None),
        ("[1e400]", None, None),
        ("[null]", None, None),
        ('{"a": 1}', None, None),
    ],
)
def test_a_ranked_list_is_a_json_array_or_split_at_the_separator(
    text: str, separator: str | None, items: list[str] | None
) -> None:
    assert ranked(text, separator) == items


@pytest.mark.parametrize(
    ("text", "value"),
    [("3", 3.0), (" -0.5\n", -0.5), ("1e-3", 0.001), (".5", 0.5), ("5.", 5.0), ("+2", 2.0)],
)
def test_a_number_is_read_with_space_around_it(text: str, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    "text", ["", "셋", "3점", "nan", "inf", "1_000", "1,000", "１", "0x10", "1e999", "3 4", "[3]"]
)
def test_a_text_that_is_not_one_finite_number_is_none(text: str) -> None:
    assert number(text) is None


def test_probabilities_are_a_number_per_label() -> None:
    assert probabilities('{"긍정": 0.75, " 부정 ": 1}') == {"긍정": 0.75, "부정": 1.0}


@pytest.mark.parametrize(
    "text",
    [
        "0.5",
        "{}",
        "[0.5]",
        '{"a": "0.5"}',
        '{"a": true}',
        '{"a": NaN}',
        '{"a": 1e999}',
        '{"a": 0.1, "a": 0.9}',
        '{"a": 0.1, "a ": 0.9}',
        '{"a": 0.5',
        "{" * 10_000,
        "[" * 100_000,
        f'{{"a": {"9" * 400}}}',
    ],
)
def test_what_is_no_probability_per_label_is_none(text: str) -> None:
    assert probabilities(text) is None


def test_a_member_is_a_text_as_it_is_and_anything_else_as_json() -> None:
    answer = '{"answer": " 네 ", "topk": ["가", 1], "score": 0.5, "empty": "", "none": null}'

    assert member(answer, "answer") == " 네 "
    assert member(answer, "topk") == '["가", 1]'
    assert member(answer, "score") == "0.5"
    assert member(answer, "empty") == ""
    assert member(answer, "none") is None
    assert member(answer, "other") is None
    assert member("네", "answer") is None
    assert member('["answer"]', "answer") is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1e400",
        "-1e400",
        "[1e999]",
        "Infinity",
        "NaN",
        '{"a": 1, "a": 2}',
        "{'a': 1}",
        "[" * 9999,
    ],
)
def test_what_is_not_json_as_specified_is_none(text: str) -> None:
    assert parse_json(text) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, 3.0), (-0.5, -0.5), (True, None), ("3", None), (float("inf"), None), (10**400, None)],
)
def test_a_finite_number_is_no_truth_value(value: object, expected: float | None) -> None:
    assert finite(value) == expected


DOCUMENT = """{"answer": {"text": "가 나", "n": 3, "ok": true, "none": null},
 "items": [{"답": "하나"}, "둘"], "두 단어": [1.5], "a.b": "점", "it's": "어포스트로피"}"""


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("answer.text", "가 나"),
        ("$.answer.text", "가 나"),
        ("$['answer'][\"text\"]", "가 나"),
        ("answer.n", "3"),
        ("answer.ok", "true"),
        ("answer.none", None),
        ("answer.nothing", None),
        ("answer.text.more", None),
        ("answer[0]", None),
        ("items[0].답", "하나"),
        ("items[-1]", "둘"),
        ("items[2]", None),
        ("items[-3]", None),
        ("items.답", None),
        ("items", '[{"답": "하나"}, "둘"]'),
        ("['두 단어'][0]", "1.5"),
        ("['a.b']", "점"),
        ('["it\'s"]', "어포스트로피"),
        ("a.b", None),
    ],
)
def test_a_path_leads_to_a_value_as_text(path: str, found: str | None) -> None:
    assert value_at(DOCUMENT, path) == found


@pytest.mark.parametrize("text", ["", "가 나", '{"answer": "가', '{"answer": 1e400}', "NaN"])
def test_nothing_is_found_in_what_is_not_json(text: str) -> None:
    assert value_at(text, "answer") is value_at(text, "$") is None


@pytest.mark.parametrize(
    "path", ["", "a.", "a..b", "a b", "$a", "[x]", "[1", "['a\"]", "items[*]", "1"]
)
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        json_steps(path)


STEPS = st.one_of(st.integers(-9, 9), st.from_regex(r"[^\W\d]\w*", fullmatch=True))


@given(st.lists(STEPS, min_size=1))
def test_a_path_is_the_steps_that_it_is_written_from(steps: list[str | int]) -> None:
    written = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in steps)
    assert json_steps(f"${written}") == tuple(steps)

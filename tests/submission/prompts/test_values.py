"""Rows in templates: nested where their file is, and JSON where a list or object is printed."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.errors import InputError
from submission.prompts.template import render
from submission.prompts.values import texts
from submission.tables import JsonText, read_table

TURNS = [
    {"id": "1", "speaker": "가", "utterance": "벽지가 떴어요.", "sure": True, "note": None},
    {"id": "2", "speaker": "나", "utterance": "습기 때문이에요.", "sure": False, "note": None},
]
ITEM = {
    "id": "R0",
    "n": 0.50,
    "none": None,
    "input": {"conversation": TURNS, "keywords": ["벽지", "습기"], "place": {"room": "거실"}},
    "items": ["하나"],
}


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    path = tmp_path_factory.mktemp("rows") / "test.json"
    path.write_text(json.dumps([ITEM], ensure_ascii=False), encoding="utf-8")
    return dict(read_table(path).records[0].values)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        (
            "{% for turn in row.input.conversation %}{{ turn.id }}{{ turn.utterance }}{% endfor %}",
            "1벽지가 떴어요.2습기 때문이에요.",
        ),
        ('{{ row["input.conversation"][1].utterance }}', "습기 때문이에요."),
        ("{{ row.input['conversation'][-1]['id'] }}", "2"),
        ("{{ row.input.keywords | join(', ') }}", "벽지, 습기"),
        ("{{ row.input.place.room }} {{ row['input.place.room'] }}", "거실 거실"),
        ("{{ row.input.conversation | map(attribute='speaker') | join }}", "가나"),
        ("{% for name, value in row.input.place.items() %}{{ name }}={{ value }}{% endfor %}",
         "room=거실"),
        # A column comes before a method of the same name.
        ("{{ row.items[0] }}", "하나"),
        ("{{ row.get('absent', '-') }}", "-"),
        ("{{ 'absent' in row }} {{ 'input' in row }}", "false true"),
        ("{{ row | length }}", "7"),
    ],
)  # fmt: skip
def test_json_rows_keep_their_structure(row: dict[str, str], template: str, text: str) -> None:
    assert render(template, row) == text


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ row.input.conversation }}", TURNS),
        ("{{ row.input.conversation[:1] }}", TURNS[:1]),
        ("{{ row.input.conversation[0] }}", TURNS[0]),
        ("{{ row.input.conversation[0] | tojson }}", TURNS[0]),
        ("{{ row.input }}", ITEM["input"]),
        ("{{ row.input.conversation ~ '' }}", TURNS),
        ("{{ row.input.conversation | map(attribute='id') | list }}", ["1", "2"]),
        ("{{ {'a': row.input.keywords} }}", {"a": ["벽지", "습기"]}),
        ("{{ row.input.keywords | string }}", ["벽지", "습기"]),
        ("{{ row.input.place.items() }}", [["room", "거실"]]),
        ("{{ row.input.place.values() }}", ["거실"]),
        ("{{ row.input.conversation[0].items() }}", [[*pair] for pair in TURNS[0].items()]),
        ("{{ row.input.conversation[0].keys() | tojson }}", [*TURNS[0]]),
        ("{{ {'a': row.input.place.items()} }}", {"a": [["room", "거실"]]}),
        ("{{ row.input.conversation | map(attribute='id') }}", ["1", "2"]),
        ("{{ range(3) }}", [0, 1, 2]),
    ],
)
def test_lists_and_objects_print_as_json(row: dict[str, str], template: str, value: object) -> None:
    assert render(template, row) == json.dumps(value, ensure_ascii=False)


def test_truth_and_null_print_as_json_has_them(row: dict[str, str]) -> None:
    turn = "{% set turn = row.input.conversation[0] %}"
    assert render(turn + "{{ turn.sure }}|{{ turn.note }}|{{ row.none }}", row) == "true||"


@given(st.lists(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False))))
def test_a_cell_that_is_a_list_prints_as_it_is_written(value: object) -> None:
    """Prompts of templates that print one stay what they were."""
    for written in (
        json.dumps(value),
        json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    ):
        cell = JsonText(written)
        assert render("{{ row.a }}", {"a": cell}) == written
        assert render("{{ row['a'] ~ '' }}", {"a": cell}) == written


@given(st.text(), st.text())
def test_a_cell_that_is_text_stays_text(name: str, text: str) -> None:
    assert render("{{ row[name] }}", {name: text}, name=name) == text


def test_cells_of_csv_that_hold_json_are_read_by_a_filter() -> None:
    cell = '[{"speaker": "가", "n": 1}, {"speaker": "\\uB098", "n": 2}]'
    template = "{% for turn in row.turns | fromjson %}{{ turn.speaker }}{{ turn.n }}{% endfor %}"
    assert render(template, {"turns": cell}) == "가1나2"
    # So that one template does for files of both kinds.
    assert render(template, {"turns": JsonText(cell)}) == "가1나2"
    assert render("{{ row.turns }}", {"turns": cell}) == cell


def test_escaped_line_breaks_and_tabs_are_unescaped() -> None:
    assert render("{{ row.q | unescape }}", {"q": r"무엇인가?\n 1\t벽지\r\n 2\t타일"}) == (
        "무엇인가?\n 1\t벽지\n 2\t타일"
    )


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ row.input.conversaton }}",
         "row.input has no attribute 'conversaton'; it has conversation, keywords, place"),
        ("{{ row.inptu.place }}", "row has no attribute 'inptu'; it has input, "),
        ("{{ row.input.place.rom }}", "row.input.place has no attribute 'rom'; it has room."),
        ("{{ row.input.conversation[0].speakr }}",
         "the object has no attribute 'speakr'; it has speaker, id, utterance, sure, note."),
        ("{{ row.input.conversation.speaker }}", "a list has no attribute 'speaker'"),
        ("{{ row.id.speaker }}", "a cell that holds JSON is read with | fromjson"),
        ("{{ row.id | fromjson }}", "fromjson: 'R0' is not valid JSON"),
    ],
)  # fmt: skip
def test_an_unknown_name_is_told_with_those_near_it(
    row: dict[str, str], template: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        render(template, row)
    assert message in str(caught.value)


@pytest.mark.parametrize("template", ["{{ row.a.append(1) }}", "{{ row.b.update(c=1) }}"])
def test_the_sandbox_holds_for_lists_and_objects(template: str) -> None:
    with pytest.raises(InputError, match="unsafe"):
        render(template, {"a": JsonText("[1]"), "b": JsonText("{}")})


def test_every_text_is_changed_wherever_it_stands() -> None:
    row = {"t": "a<x>", "l": JsonText('["b<x>", {"k<x>": "<x>"}]'), "c": '["\\u003cx>"]'}
    template = (
        "{{ q }}{{ row.t }}{{ row.l[0] }}{{ row.l[1] }}{{ row.l }}{{ (row.c | fromjson)[0] }}"
    )
    text = render(template, row, lambda text: text.replace("<x>", "*"), q="<x>")
    assert text == '*a*b*{"k*": "*"}["b*", {"k*": "*"}]*'


def test_texts_within_json_are_found_before_a_template_reads_them() -> None:
    nested = json.dumps({"a": [json.dumps(["<x>\n"]).replace("<", "\\u003c")]})
    assert "<x>\n" in list(texts(["plain", nested]))
    assert list(texts(["a\\b", "[1"])) == ["a\\b", "[1"]

"""Names in messages: a few, the nearest first, and how many there are."""

from evaluators.text.listed import few, nearest


def test_at_most_five_names_are_listed_with_their_number() -> None:
    assert few(["a", "b"]) == "a, b"
    assert few(str(n) for n in range(5)) == "0, 1, 2, 3, 4"
    assert few(range(700)) == "0, 1, 2, 3, 4, … (700 in all)"
    assert few([]) == ""


def test_a_long_name_is_cut() -> None:
    assert len(few(["가" * 9000] * 9)) < 500


def test_the_nearest_names_come_first_and_series_of_numbers_last() -> None:
    names = ["id", *(f"vec_{n}" for n in range(768)), "답변", "answer_text", "output"]
    assert nearest(names, "answer") == "answer_text, id, 답변, output, vec_0, … (772 in all)"
    assert nearest(map(repr, names), "'answer'").startswith("'answer_text', 'id', '답변'")
    assert nearest(["b", "a"], "a") == "b, a"


def test_hundreds_of_thousands_of_names_take_no_time() -> None:
    assert nearest((f"row{n}" for n in range(200_000)), "row7").endswith("(200000 in all)")

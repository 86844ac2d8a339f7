"""A question's template over the columns of a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from submission.competitions.new.columns import Options
from submission.competitions.new.seen import Seen

_SPEAKERS = ("role", "speaker", "speaker_id", "name")
_SAID = ("content", "utterance", "text", "value")


def template_for(test: Seen, questions: Sequence[str], options: Options | None) -> str | None:
    """The template; None where the question is one column as it stands."""
    if len(questions) == 1 and options is None and not _objects(test, questions[0]):
        return None
    named = len(questions) > 1
    text = "\n".join(_column(test, name, named) for name in questions)
    if options is not None:
        text += "{% for label, option in options %}\n{{ label }}. {{ option }}{% endfor %}"
    return text


def _column(test: Seen, name: str, named: bool) -> str:
    place = f"row[{_literal(name)}]"
    shown = name if "{" not in name and "\n" not in name else f"{{{{ {_literal(name)} }}}}"
    if objects := _objects(test, name):
        heading = f"{shown}:\n" if named else ""
        return f"{heading}{{% for item in {place} %}}{_item(objects)}\n{{% endfor %}}"
    return f"{shown}: {{{{ {place} }}}}" if named else f"{{{{ {place} }}}}"


def _item(objects: Sequence[Mapping[str, object]]) -> str:
    """What is shown of an object: who says what, else every member behind its name."""
    speaker = next((key for key in _SPEAKERS if all(key in each for each in objects)), None)
    said = next((key for key in _SAID if all(key in each for each in objects)), None)
    if speaker is not None and said is not None:
        return f"{{{{ item[{_literal(speaker)}] }}}}: {{{{ item[{_literal(said)}] }}}}"
    member = "{{ name }}: {{ value }}{{ '' if loop.last else ', ' }}"
    return f"{{% for name, value in item | items %}}{member}{{% endfor %}}"


def _objects(test: Seen, name: str) -> list[Mapping[str, object]]:
    """All objects of a column that holds lists of them; none of any other column."""
    values = test.values(name)
    lists = [each for each in values if isinstance(each, list)]
    items = [item for each in lists for item in each]
    objects = [item for item in items if isinstance(item, Mapping)]
    return objects if len(lists) == len(values) and len(objects) == len(items) else []


def _literal(text: str) -> str:
    """A string as a template writes it."""
    if text.isprintable() and not any(mark in text for mark in "'\\"):
        return f"'{text}'"
    escaped = text.encode("unicode_escape").decode().replace("'", "\\'")
    return f"'{escaped}'"

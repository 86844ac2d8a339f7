"""JSON by its values: all but the answers as in the template, and answers of their kind."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from submission.check.findings import Finding, error
from submission.competitions.answer import AnswerField
from submission.competitions.format import SubmissionFormat
from submission.errors import few
from submission.records.fields import WORDS, fits, kind_of
from submission.records.sheet import Item, Sheet, at, has, nested_form, shown
from submission.tables import Table

COPY = "Copy it from the template."


@dataclass(frozen=True)
class _Difference:
    """What is wrong at one path of an item; the first of its code and path is told."""

    code: str
    path: str
    what: str
    remedy: str


def check_structure(
    submission: SubmissionFormat, sheet: Sheet, template: Sheet
) -> Iterator[Finding]:
    """Findings on the members of every item, one for each path and what is wrong there."""
    fields = list(submission.fields.values())
    answers = {field.column for field in fields}
    partners = {shown(at(item, submission.id)): item for item in template.items}
    first: dict[tuple[str, str], tuple[int, _Difference]] = {}
    counts: dict[tuple[str, str], int] = {}
    for row, item in enumerate(sheet.items, start=1):
        partner = partners.get(shown(at(item, submission.id)))
        if partner is None and not has(item, submission.id) and row <= len(template.items):
            partner = template.items[row - 1]
        found = [*_of_answers(fields, item)]
        if partner is not None:
            found += _of_members(item, partner, "", answers, submission.id)
        for difference in found:
            key = (difference.code, difference.path)
            first.setdefault(key, (row, difference))
            counts[key] = counts.get(key, 0) + 1
    for key, (row, difference) in first.items():
        yield error(
            difference.code,
            f"{counts[key]} of {len(sheet.items)} items: '{difference.path}' {difference.what}; "
            f"first in item {row}. {difference.remedy}",
            row=row,
            column=difference.path,
            count=counts[key],
        )


def fitting(submission: SubmissionFormat, sheet: Sheet) -> Table:
    """The rows of the items whose answers are there and of their kind."""
    fields = list(submission.fields.values())
    rows = [row for row, item in enumerate(sheet.items) if not any(_of_answers(fields, item))]
    table = sheet.table
    return replace(
        table,
        rows=[table.rows[row] for row in rows],
        lines=[table.lines[row] for row in rows],
    )


def _of_answers(fields: Sequence[AnswerField], item: Item) -> Iterator[_Difference]:
    for field in fields:
        path, value = field.column, at(item, field.column)
        if not has(item, path):
            remedy = f"Every item needs an answer. {nested_form(path)}"
            yield _Difference("columns-missing", path, "is missing", remedy)
        elif not fits(field, value):
            remedy = "Write the answer as the template has it."
            if field.kind in {"text", "label"}:
                remedy = (
                    f"Write {_instead(field, value)}, in quotes: a scorer that expects a text "
                    "stops at anything else, or counts it as wrong."
                )
            words = f"is {kind_of(value)}, not {WORDS[field.kind]}"
            yield _Difference("answer-type", path, words, remedy)


def _instead(field: AnswerField, value: object) -> str:
    """What a text would be that the other checks take."""
    text = shown(value)
    if field.labels and text not in field.labels:
        return f"one of the labels ({few(field.labels)})"
    if not text.strip() and not field.may_be_empty:
        return "an answer"
    return json.dumps(text, ensure_ascii=False)[:60]


def _of_members(
    item: object, partner: object, path: str, answers: Collection[str], id_path: str
) -> Iterator[_Difference]:
    """How a value differs from the template's; ``answers`` and what leads to them may."""
    if path in answers:
        return
    leads = any(answer.startswith(f"{path}.") for answer in answers)
    if isinstance(item, dict) and (isinstance(partner, dict) or leads):
        kept = partner if isinstance(partner, dict) else {}
        yield from _of_object(item, kept, f"{path}." if path else "", answers, id_path)
    elif leads:
        return  # without an object there, the answer itself is missing
    elif isinstance(item, list) and isinstance(partner, list) and len(item) == len(partner):
        for place, (given, wanted) in enumerate(zip(item, partner, strict=True)):
            yield from _of_members(given, wanted, f"{path}[{place}]", answers, id_path)
    elif kind_of(item) != kind_of(partner):
        words = f"is {kind_of(item)} where the template has {kind_of(partner)}"
        if path == id_path:
            remedy = 'Scorers look ids up by type, and 1 is not "1": copy it from the template.'
            yield _Difference("ids-type", path, words, remedy)
        else:
            yield _Difference("kept-changed", path, words, COPY)
    elif item != partner:
        yield _Difference("kept-changed", path, "is not what the template has", COPY)


def _of_object(
    item: dict[str, object],
    partner: dict[str, object],
    prefix: str,
    answers: Collection[str],
    id_path: str,
) -> Iterator[_Difference]:
    for key, value in partner.items():
        path = prefix + key
        if key in item:
            yield from _of_members(item[key], value, path, answers, id_path)
        elif not any(f"{answer}.".startswith(f"{path}.") for answer in answers):
            yield _Difference("columns-missing", path, "is missing", COPY)
    for key in item.keys() - partner.keys():
        path = prefix + key
        if "." in key and path in answers:
            remedy = f"Its name has the dot in it. {nested_form(key)}"
            yield _Difference("columns-extra", path, "is not in the template", remedy)
        elif any(answer.startswith(f"{path}.") for answer in answers):
            yield from _of_members(item[key], {}, path, answers, id_path)
        elif path not in answers:
            yield _Difference("columns-extra", path, "is not in the template", "Remove it.")

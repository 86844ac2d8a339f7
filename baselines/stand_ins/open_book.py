"""Documents and questions about an invented world, data_sample/open-book/world.toml.

    python -m baselines.stand_ins.open_book

writes ``documents.jsonl``, ``questions.csv``, and the files of the competition sample-open-book:
``train.csv``, ``test.csv``, ``references.csv`` and ``sample_submission.csv``.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from baselines.stand_ins.articles import SLOT, with_particle

FOLDER = Path(__file__).resolve().parents[2] / "data_sample" / "open-book"
SEED = 4
ANSWERABLE, UNANSWERABLE = 130, 40
TEST = 60
NO_ANSWER = "모름"
_COLUMNS = (
    "id", "question", "answer", "answers", "long_answer", "summary", "gold", "distractors",
    "answerable", "category", "split",
)  # fmt: skip


@dataclass(frozen=True)
class Document:
    """A document about one thing; ``facts`` are what it says, ``said`` in which words."""

    id: str
    title: str
    category: str
    kind: str
    town: str
    text: str
    facts: Mapping[str, str]
    said: Mapping[str, str]


class World:
    """The things of a world file, and the documents about them."""

    def __init__(self, path: Path = FOLDER / "world.toml") -> None:
        self._told: dict[str, Any] = tomllib.loads(path.read_text("utf-8"))
        self.documents = list(self._documents())

    def _documents(self) -> Iterator[Document]:
        chance = Random(SEED)  # noqa: S311
        for kind, told in self._told["kinds"].items():
            for number, town in enumerate(self._told["towns"]):
                name = told["names"][number % len(told["names"])].format(town=town)
                has = chance.sample(sorted(told["facts"]), chance.randint(4, 5))
                values = {fact: self._value(told["facts"][fact], chance) for fact in has}
                said = {
                    fact: filled(chance.choice(told["facts"][fact]["says"]), name, values[fact])
                    for fact in has
                }
                fillers = chance.sample(self._told["fillers"], chance.randint(2, 4))
                body = [*said.values(), *fillers]
                chance.shuffle(body)
                opening = filled(chance.choice(told["opening"]), name, "")
                facts = {
                    fact: filled(told["facts"][fact]["answer"], name, value)
                    for fact, value in values.items()
                }
                yield Document(
                    f"{kind}-{number + 1:02}",
                    name,
                    told["category"],
                    kind,
                    town,
                    " ".join([opening, *body]),
                    facts,
                    said,
                )

    def _value(self, fact: Mapping[str, Any], chance: Random) -> str:
        if "range" in fact:
            return str(chance.randint(*fact["range"]))
        among = fact["of"]
        return str(chance.choice(self._told[among] if isinstance(among, str) else among))

    def questions(self) -> list[dict[str, str]]:
        """Questions that one document answers, and others that none does."""
        chance = Random(SEED + 1)  # noqa: S311
        rows = []
        order = chance.sample(self.documents, len(self.documents))
        for number in range(ANSWERABLE + UNANSWERABLE):
            document = order[number % len(order)]
            told = self._told["kinds"][document.kind]["facts"]
            there = number < ANSWERABLE
            among = sorted(document.facts if there else told.keys() - document.facts.keys())
            fact = chance.choice(among)
            form = "far" if number % 4 == 0 else "asks"
            question = filled(chance.choice(told[fact][form]), document.title, "")
            rows.append(
                {
                    "question": question,
                    **(self._answered(document, fact) if there else _unanswered()),
                    "distractors": "|".join(self._like(document, fact, chance)),
                    "category": document.category,
                }
            )
        chance.shuffle(rows)
        for number, row in enumerate(rows):
            row["id"] = f"OB_{number:03}"
            row["split"] = "test" if number < TEST else "train"
        return sorted(rows, key=lambda row: row["id"])

    def _answered(self, document: Document, fact: str) -> dict[str, str]:
        answer = document.facts[fact]
        said = document.said[fact]
        about = said if document.title in said else f"{document.title}에 대한 글에 따르면, {said}"
        return {
            "answer": answer,
            "answers": json.dumps(_forms(answer), ensure_ascii=False),
            "long_answer": about,
            "summary": f"{document.title}: {said}",
            "gold": document.id,
            "answerable": "true",
        }

    def _like(self, document: Document, fact: str, chance: Random) -> list[str]:
        """Three documents that say this of others of the kind."""
        others = [
            each.id
            for each in self.documents
            if each.kind == document.kind and each.id != document.id and fact in each.facts
        ]
        return sorted(chance.sample(others, 3))


def filled(template: str, name: str, value: str) -> str:
    """A template with its name and value, and the particles that fit them."""
    given = {"name": name, "v": value}

    def fill(match: re.Match[str]) -> str:
        word, particle = given[match[1]], match[2]
        return with_particle(word, particle) if particle else word

    return SLOT.sub(fill, template)


def _forms(answer: str) -> list[str]:
    """The answer, and without its spaces where it has any."""
    return list(dict.fromkeys([answer, answer.replace(" ", "")]))


def _unanswered() -> dict[str, str]:
    return {
        "answer": NO_ANSWER,
        "answers": json.dumps([NO_ANSWER], ensure_ascii=False),
        "long_answer": "주어진 글에서는 알 수 없습니다.",
        "summary": "",
        "gold": "",
        "answerable": "false",
    }


def files(world: World) -> dict[str, str]:
    """The sample's files by name."""
    documents = [
        {"id": each.id, "title": each.title, "text": each.text, "category": each.category}
        for each in world.documents
    ]
    rows = world.questions()
    train = [row for row in rows if row["split"] == "train"]
    test = [row for row in rows if row["split"] == "test"]
    answers = [{"id": row["id"], "answer": ""} for row in test]
    return {
        "documents.jsonl": "".join(
            json.dumps(each, ensure_ascii=False) + "\n" for each in documents
        ),
        "questions.csv": _csv(_COLUMNS, rows),
        "train.csv": _csv(("id", "category", "question", "answer"), train),
        "test.csv": _csv(("id", "question"), test),
        "references.csv": _csv(("id", "category", "answer"), test),
        "sample_submission.csv": _csv(("id", "answer"), answers),
    }


def _csv(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def main() -> None:
    """Write the files."""
    for name, text in files(World()).items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

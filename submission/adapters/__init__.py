"""LoRA adapters over a base model: read, checked, and merged into a model of its own."""

from submission.adapters.adapter import Adapter, read_adapter
from submission.adapters.merge import MergeReport, merge
from submission.adapters.parity import Parity

__all__ = ["Adapter", "MergeReport", "Parity", "merge", "read_adapter"]

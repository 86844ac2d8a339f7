"""The columns of ``study.csv``."""

from __future__ import annotations

from baselines.grid.records import DIFFERENCE, SCORE

ABOUT = ("task", "kind", "method", "dataset_size", "rank", "seed")
SCORES = (*SCORE, "base_score", *DIFFERENCE)
COMET = ("comet", "base_comet", "miss_rate", "base_miss_rate")
ANSWERING = (
    "seconds", "prompts", "reused_prompts", "completion_tokens", "peak_memory_mib",
    "gpu_peak_memory_mib",
)  # fmt: skip
TRAINING = (
    "trained_parameters", "parameters", "training_seconds", "training_steps",
    "training_tokens_per_second", "training_peak_memory_mib", "training_gpu_peak_memory_mib",
    "samples", "too_long", "loss_first", "loss_last", "diverged_at", "merge_seconds",
    "merge_difference",
)  # fmt: skip
LAST = ("degenerate", *ANSWERING, *TRAINING, "run", "model", "error")

FOR_AXES = ("method", "dataset_size", "rank")
"""Those that an axis may be called: what it varies is what they tell."""
TAKEN = {*ABOUT, *SCORES, *COMET, *LAST} - {*FOR_AXES}
"""Those that an axis cannot be called."""

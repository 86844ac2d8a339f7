"""The columns of the tables that an ablation writes."""

from __future__ import annotations

from submission.recipes.degenerate import Degenerate
from submission.runs.answers import ANY

SCORE = ("score", "low", "high", "n")
DIFFERENCE = ("difference", "difference_low", "difference_high")
DEGENERATE = tuple(f"degenerate_{kind}" for kind in (*Degenerate, ANY))
COST = (
    "seconds",
    "prompts",
    "reused_prompts",
    "prompt_tokens",
    "completion_tokens",
    "peak_memory_mib",
    "gpu_peak_memory_mib",
)

FIXED_COLUMNS = ("run", "seed", "seeds", "error", *SCORE, *DIFFERENCE, *DEGENERATE, *COST)
"""Those of ``cells.csv`` beside the axes and further metrics."""

TESTED = (*DIFFERENCE, "p_value", "p_adjusted")
EFFECT = ("effect", "low", "high")
MAIN = ("axis", "level", "mean", *EFFECT, *TESTED)
INTERACTION = ("axis", "level", "other_axis", "other_level", *EFFECT, *TESTED)

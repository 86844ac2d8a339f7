"""The ``[preference]`` table of a recipe."""

from __future__ import annotations

from pydantic import Field

from submission.recipes.base import Table


class Preference(Table):
    """Direct preference optimization (Rafailov et al. 2023, arXiv:2305.18290, equation 7).

    ``beta`` is how strongly the tuned model is held to the reference, which is the model that
    tuning begins with. ``label_smoothing`` is the share of pairs taken to be the wrong way round
    (conservative DPO). How the adapter is trained stands in ``[training]``.
    """

    beta: float = Field(default=0.1, gt=0, allow_inf_nan=False)
    label_smoothing: float = Field(default=0.0, ge=0.0, lt=0.5)

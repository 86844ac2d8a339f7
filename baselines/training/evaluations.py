"""When the model is tried on held-out rows, which weights were best, and when to stop."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from transformers import TrainerCallback

from baselines.training.held_out_score import Direction
from baselines.training.workspace import Workspace
from submission.recipes.schema import Evaluation

SCORE = "eval_score"
"""The figure's name in the Trainer's log."""


class Measure(NamedTuple):
    """What held-out rows are judged by, and what is better."""

    name: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class Evaluated:
    """The figure after so many steps; step 0 is the base model's."""

    step: int
    score: float


def evaluated(history: Iterable[dict[str, Any]]) -> list[Evaluated]:
    """The evaluations in a Trainer's log, in order."""
    return [Evaluated(each["step"], each[SCORE]) for each in history if SCORE in each]


def best_of(done: Sequence[Evaluated], direction: Direction) -> Evaluated | None:
    """The first best one of a model that was trained; None before one has a number."""
    sign = 1.0 if direction == "higher" else -1.0
    tuned = [each for each in done if each.step > 0 and math.isfinite(each.score)]
    return max(tuned, key=lambda each: sign * each.score, default=None)


def steps_between(evaluation: Evaluation, steps_per_epoch: float) -> int:
    """Optimizer steps from one evaluation to the next."""
    if evaluation.every_steps is not None:
        return evaluation.every_steps
    return max(1, round(evaluation.every_epochs * steps_per_epoch))


class EvaluateNowAndThen(TrainerCallback):  # type: ignore[misc]  # untyped base
    """Asks for evaluations, keeps the weights of the best, and stops when none is better.

    All that it decides on is in the Trainer's log, which checkpoints hold; so a training that was
    killed and goes on decides as it would have.
    """

    def __init__(
        self,
        evaluation: Evaluation,
        every: int,
        measure: Measure,
        workspace: Workspace,
        say: Callable[[str], None],
    ) -> None:
        self._evaluation = evaluation
        self._every = every
        self._name = measure.name
        self._direction = measure.direction
        self._workspace = workspace
        self._say = say
        self._best_at_save = 0
        self.stopped = False

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """What a resumed training begins with is what was saved."""
        self.on_save(args, state, control)

    def on_step_end(self, _args: Any, state: Any, control: Any, **_: Any) -> None:
        """Ask for an evaluation where one is due, and after the last step."""
        if state.global_step % self._every == 0 or state.global_step >= state.max_steps:
            control.should_evaluate = True

    def on_evaluate(
        self, _args: Any, state: Any, control: Any, model: Any = None, **_: Any
    ) -> None:
        """Keep what is best so far; stop where it has been so for too long."""
        done = evaluated(state.log_history)
        last, best = done[-1], best_of(done, self._direction)
        if last.step == 0:
            self._say(f"before training: {self._name} {last.score:.4g}")
        if best is None:
            return
        is_best = best.step == last.step
        marked = ", the best so far" if is_best else f" (best: {best.score:.4g})"
        self._say(f"step {last.step}: {self._name} {last.score:.4g}{marked}")
        if is_best and self._evaluation.keep_best:
            self._workspace.keep(last.step, model)
            self._workspace.keep_only({last.step, self._best_at_save})
        since = sum(each.step > best.step for each in done)
        patience = self._evaluation.patience
        if patience is not None and since >= patience and state.global_step < state.max_steps:
            self._say(f"No better {self._name} in {since} evaluations: training stops here.")
            self.stopped = True
            control.should_training_stop = True
            # From a checkpoint of this step a resumed training would go on.
            control.should_save = False

    def on_save(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        """Note whose weights a resumed training may come back to."""
        best = best_of(evaluated(state.log_history), self._direction)
        if best is not None:
            self._best_at_save = best.step

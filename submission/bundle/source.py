"""A finished run, and all that its answers were made of: what a bundle is written from."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from submission.bundle.supported import ENGINES, require_supported
from submission.competitions import Competition
from submission.engines.base import Engine, EngineContext
from submission.engines.checkpoint import Checkpoint
from submission.engines.choose import make_engine
from submission.errors import InputError
from submission.generation.plan import plan_prompts
from submission.generation.retry import reseeded
from submission.prompts.chat import local_day
from submission.recipes import Recipe, Sampling
from submission.records.read import read_questions
from submission.records.rows import Question
from submission.runs.answers import run_recipe
from submission.runs.ledger import Ledger
from submission.runs.rows import FinishedPart, Run
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import Subject, require_competition, run_subject
from submission.submit.write import submission_bytes

MOST_ATTEMPTS = 100
"""As many as a recipe may have retries."""


class AskedPart(NamedTuple):
    """A prompt of the run: its tokens, the completion, and the retry that was adopted, if any."""

    tokens: tuple[int, ...]
    completion: str
    retry: Sampling | None


@dataclass(frozen=True)
class Source:
    """A run that a bundle can stand for. ``parts`` are its prompts by row id, in their order."""

    run: Run
    recipe: Recipe
    competition: Competition
    questions: Sequence[Question]
    engine: str
    checkpoint: Checkpoint
    identity: Mapping[str, str]
    parts: Mapping[str, Sequence[AskedPart]]
    test: Path
    template: Path
    submission: bytes

    @property
    def own_engine(self) -> str:
        """The engine that answered the run."""
        return self.identity["engine"]

    @property
    def test_name(self) -> str:
        """What the test file is called in a bundle; Korean names survive no ZIP archive."""
        return f"test{self.test.suffix.lower()}"

    @property
    def template_name(self) -> str:
        """What the template is called in a bundle."""
        return f"template{self.template.suffix.lower()}"

    @property
    def out_name(self) -> str:
        """What the submission is called that a bundle's script writes."""
        return f"submission{self.competition.profile.submission.ending}"

    @cached_property
    def retries(self) -> list[Sampling]:
        """The samplings of the retries that were adopted, each once."""
        found: list[Sampling] = []
        for parts in self.parts.values():
            for part in parts:
                if part.retry is not None and part.retry not in found:
                    found.append(part.retry)
        return found


def read_source(
    ledger: Ledger,
    name: str,
    competition: Competition,
    *,
    engine: str | None,
    test: Path | None,
    template: Path | None,
    say: Callable[[str], None],
) -> Source:
    """The run called ``name`` with its model, files and answers.

    ``engine`` is that of the script, the run's own unless given; ``test`` and ``template`` are the
    run's and that of its last submission. Raises :class:`InputError` for a run that no script can
    stand for, and where weights, tokenizer, versions or files are no longer those of its answers.
    """
    run, recipe = ledger.run(name), run_recipe(ledger, name)
    require_competition(ledger, name, competition.name)
    test = test or Path(run.test_file)
    if not test.is_file():
        raise InputError(f"{test}: the run's test file is not there. Name it with --test.")
    template = template or _last_template(ledger, name)
    require_supported(recipe, competition.profile, engine or ENGINES[0])
    context = EngineContext(
        recipe=recipe,
        hash_file=ledger.hash_file,
        say=say,
        today=recipe.prompt.date or local_day(),
    )
    made_by = make_engine(context)
    own = made_by.identity["engine"]
    chosen = engine or own
    if chosen not in ENGINES:
        raise InputError(
            f"Run '{name}' was answered by engine '{own}', for which there is no script. "
            f"Give --engine {' or '.join(ENGINES)}."
        )
    require_supported(recipe, competition.profile, chosen)
    subject = run_subject(competition.profile, ledger, name)
    questions = read_questions(competition.profile, test)[: len(subject.predictions)]
    parts = _asked(ledger, name, recipe, made_by, questions)
    return Source(
        run=run,
        recipe=recipe,
        competition=competition,
        questions=questions,
        engine=chosen,
        checkpoint=Checkpoint(context),
        identity=made_by.identity,
        parts=parts,
        test=test,
        template=template,
        submission=_submission(competition, subject, template),
    )


def _submission(competition: Competition, subject: Subject, template: Path) -> bytes:
    out = Path(f"out{competition.profile.submission.ending}")
    return submission_bytes(competition, Scorer.of(competition, None), subject, template, out)


def _last_template(ledger: Ledger, run: str) -> Path:
    path = ledger.last_template(run)
    if path is None:
        raise InputError(
            f"Run '{run}' has no submission yet, so its template is not known. Give --template."
        )
    if not path.is_file():
        raise InputError(
            f"{path}: the template of the run's submission is not there. Give --template."
        )
    return path


def _asked(
    ledger: Ledger, run: str, recipe: Recipe, engine: Engine, questions: Sequence[Question]
) -> dict[str, list[AskedPart]]:
    """The first sample's prompts by row id, proven to be those that the run's answers are to."""
    plan = plan_prompts(recipe, engine, questions)
    planned = [part for part in plan.parts if part.sample == 0]
    finished = list(ledger.parts(run, 0))
    if [(part.row_id, part.key) for part in planned] != [
        (part.row_id, part.key) for part in finished
    ]:
        raise InputError(
            f"Run '{run}': its answers were made with another test file, model, tokenizer or "
            "version of an engine than those found now. Bundle it where it was made, or generate "
            "it again."
        )
    retries = _retries(ledger, run, recipe, engine, questions, finished)
    asked: dict[str, list[AskedPart]] = {}
    for place, part in enumerate(finished):
        if part.completion is None:
            raise ValueError(f"{part.row_id} has no completion")
        tokens = plan.requests[part.key].tokens
        one = AskedPart(tokens, part.completion.text, retries.get(place))
        asked.setdefault(part.row_id, []).append(one)
    return asked


def _retries(
    ledger: Ledger,
    run: str,
    recipe: Recipe,
    engine: Engine,
    questions: Sequence[Question],
    finished: Sequence[FinishedPart],
) -> dict[int, Sampling]:
    """How each part was sampled whose answer is that of a retry, by its place in ``finished``."""
    left = {place: part for place, part in enumerate(finished) if part.replaced}
    samplings = ledger.mends(run)
    found: dict[int, Sampling] = {}
    for written in sorted({samplings[part.key] for part in left.values()}):
        sampling = Sampling.model_validate(json.loads(written))
        changed = recipe.model_copy(update={"sampling": sampling})
        for attempt in range(1, MOST_ATTEMPTS + 1):
            rows = {part.row_id for part in left.values() if samplings[part.key] == written}
            if not rows:
                break
            again = reseeded(changed, attempt)
            plan = plan_prompts(again, engine, [each for each in questions if each.id in rows])
            new = {(each.row_id, each.part): each.key for each in plan.parts if each.sample == 0}
            for place, part in list(left.items()):
                key = new.get((part.row_id, part.part))
                if part.completion is not None and part.completion.key == key:
                    found[place] = again.sampling
                    del left[place]
    if left:
        raise InputError(
            f"Run '{run}': {len(left)} of its answers are those of retries with another model or "
            "version of an engine. Bundle it where it was made, or generate it again."
        )
    return found

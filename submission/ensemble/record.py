"""An ensemble as a run of the ledger."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict

from submission.engines.base import Completion, Finish
from submission.ensemble.members import Members
from submission.files.digest import digest
from submission.recipes import Degenerate, Recipe
from submission.recipes.schema import Engine, Extraction
from submission.runs.answers import Answer, run_recipe
from submission.runs.ledger import Ledger
from submission.runs.rows import PlannedPart, Run


def record(
    name: str,
    found: Members,
    taken: Sequence[Answer],
    signature: str,
    ledger: Ledger,
    *,
    command: str,
    fresh: bool,
) -> None:
    """Keep the answers ``taken`` of the members, one per row, as the finished run ``name``.

    The run's recipe names the members and, by ``signature``, the method. Raises ``InputError``
    where the name belongs to another run, unless ``fresh``.
    """
    first = ledger.run(found.members[0].run)
    recipe = Recipe(
        name=f"ensemble-{signature.partition('|')[0]}",
        engine=Engine(name="ensemble"),
        extraction=Extraction(one_line=False),
        degenerate=run_recipe(ledger, first.name).degenerate,
        options={
            "by": signature,
            "members": json.dumps([asdict(each) for each in found.members], ensure_ascii=False),
        },
    )
    parts, completions = [], {}
    for position, (answers, answer) in enumerate(zip(found.rows, taken, strict=True)):
        finish, known = _finish(answer), answer.probabilities
        likelihoods = {} if known is None else {each: _log(known[each]) for each in known}
        told = [json.dumps(likelihoods)] if likelihoods else []
        texts = [each.text for each in answers]
        key = digest(["ensemble", signature, answer.text, finish, *texts, *told])
        parts.append(PlannedPart(position, 0, 0, answer.id, answer.question, key))
        completions[key] = Completion(key, answer.text, finish, likelihoods=likelihoods)
    run = Run(
        name=name,
        # Members' answers may change under the same fingerprint, when degenerate ones are replaced.
        fingerprint=digest([recipe.model_dump_json(), *(part.key for part in parts)]),
        competition=first.competition,
        recipe=recipe.model_dump_json(exclude={"about", "training"}),
        test_file=first.test_file,
        engine=f"{signature.partition('|')[0]} of {len(found.members)} answers",
        command=command,
        special_tokens=tuple(
            sorted({token for each in found.members for token in ledger.special_tokens(each.run)})
        ),
    )
    with ledger.writing(name):
        ledger.begin(run, parts, fresh=fresh)
        if pending := sorted(ledger.pending(name)):
            ledger.record(name, [completions[key] for key in pending])
        if ledger.run(name).finished is None:
            ledger.spent(name, 0.0, 0, finished=True)


def _log(probability: float) -> float:
    """The logarithm; of zero, that of the least number there is."""
    return math.log(max(probability, sys.float_info.min))


def _finish(answer: Answer) -> Finish:
    if Degenerate.TOO_LONG in answer.degenerate:
        return Finish.PROMPT_TOO_LONG
    if Degenerate.UNFINISHED_THINKING in answer.degenerate:
        return Finish.THINKING
    return Finish.LENGTH if Degenerate.CUT_OFF in answer.degenerate else Finish.STOP

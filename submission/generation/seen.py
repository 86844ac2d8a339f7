"""A run's prompt as its model saw it, rendered again from what the run keeps; loads no weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from submission.competitions import Competition
from submission.engines.checkpoint import Checkpoint
from submission.engines.choose import make_engine
from submission.engines.slot import ModelSlot
from submission.errors import InputError
from submission.generation.generate import Job
from submission.generation.inputs import job_inputs
from submission.generation.plan import plan_prompts
from submission.prompts.special import special_ids
from submission.runs.answers import run_recipe
from submission.runs.ledger import Ledger
from submission.runs.rows import FinishedPart


class SeenToken(NamedTuple):
    """A token's id and its own text, and whether it is one of the tokenizer's special tokens.

    A token with a part of a character has what the vocabulary calls it for a text.
    """

    id: int
    text: str
    special: bool


OPEN, CLOSE = "«", "»"
"""What stands around special tokens, to tell them from the same letters in a text."""


class SeenPrompt(NamedTuple):
    """A prompt's text, also with its special tokens marked, and its tokens.

    There are none where no tokenizer made it. ``same`` is whether its row key is the one of the
    run, so that the model saw exactly this.
    """

    text: str
    marked: str
    tokens: Sequence[SeenToken]
    same: bool


def seen_prompt(
    ledger: Ledger,
    run: str,
    part: FinishedPart,
    competition: Competition,
    say: Callable[[str], None],
) -> SeenPrompt:
    """What ``part`` of ``run`` asked its model.

    Raises :class:`InputError` where the run has no model, its model or test file cannot be read,
    or the file no longer has the row.
    """
    record, recipe = ledger.run(run), run_recipe(ledger, run)
    if recipe.model is None:
        raise InputError(f"Run '{run}' was answered without a model, so there is no prompt.")
    test = Path(record.test_file)
    use = ledger.example_use(run)
    train = Path(use.file) if use is not None else None
    job = Job(run, recipe, competition, test, train)
    questions, sources, context = job_inputs(job, ledger, say, ModelSlot(), {part.row_id})
    engine = make_engine(context)
    plan = plan_prompts(recipe, engine, questions, sources)
    keys = [each.key for each in plan.parts if (each.part, each.sample) == (part.part, part.sample)]
    if not keys:
        raise InputError(f"{test}: no longer has the question that run '{run}' asked.")
    request = plan.requests[keys[0]]
    prompt = request.tokens or engine.prompt(request.question, request.text)
    same = request.key == part.key
    if isinstance(prompt, str):
        return SeenPrompt(prompt, prompt, (), same)
    tokenizer = Checkpoint(context).tokenizer
    tokens = _tokens(tokenizer, prompt)
    return SeenPrompt(tokenizer.decode(prompt), _marked(tokenizer, tokens), tokens, same)


def _tokens(tokenizer: Any, ids: Sequence[int]) -> list[SeenToken]:
    special = set(special_ids(tokenizer).values())
    names = tokenizer.convert_ids_to_tokens(ids)
    texts = (tokenizer.decode([each]) for each in ids)
    return [
        SeenToken(each, name if "\ufffd" in text else text, each in special)
        for each, name, text in zip(ids, names, texts, strict=True)
    ]


def _marked(tokenizer: Any, tokens: Iterable[SeenToken]) -> str:
    pieces = []
    for special, some in groupby(tokens, key=attrgetter("special")):
        if special:
            pieces += [f"{OPEN}{token.text}{CLOSE}" for token in some]
        else:
            pieces.append(tokenizer.decode([token.id for token in some]))
    return "".join(pieces)

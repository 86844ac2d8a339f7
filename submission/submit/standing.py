"""A submission that is valid at any moment of a generation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from submission.competitions import Competition
from submission.errors import InputError
from submission.runs.ledger import Ledger
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import fallback_alone, require_competition, with_fallback
from submission.submit.write import Written, write_submission


@dataclass(frozen=True)
class Standing:
    """The answers that ``run`` has, and those of ``fallback`` to all other rows, in ``out``."""

    competition: Competition
    scorer: Scorer
    ledger: Ledger
    run: str
    fallback: str
    template: Path
    out: Path
    command: str

    def check(self) -> None:
        """Raise :class:`InputError` for a fallback that is no other run of this contest."""
        if self.fallback == self.run:
            raise InputError(
                f"--fallback '{self.fallback}' is the run itself. Give another, finished run: "
                "its answers stand in for those that are missing."
            )
        require_competition(self.ledger, self.fallback, self.competition.name)

    def write(self, *, fresh: bool = False) -> Written:
        """Write what there is by now, in place of what was written before, whole or not at all.

        A ``fresh`` run has nothing yet: what the ledger holds of it is to be discarded. Raises
        :class:`InputError` for a fallback that cannot be submitted.
        """
        self.check()
        profile = self.competition.profile
        subject = (
            fallback_alone(profile, self.ledger, self.fallback)
            if fresh
            else with_fallback(profile, self.ledger, self.run, self.fallback)
        )
        return write_submission(
            self.competition,
            self.scorer,
            subject,
            self.template,
            self.out,
            command=self.command,
            ledger=self.ledger,
        )

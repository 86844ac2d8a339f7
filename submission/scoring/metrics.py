"""The metrics a score is made of, over the encoder and the models in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from evaluators import Metric, MetricSpec, build_metric, parse_spec
from evaluators.base import References as ReferencesBy
from evaluators.encoders.base import Encoder
from evaluators.errors import ModelUnavailableError
from evaluators.metrics.registry import available
from evaluators.report.wording import Note
from submission.errors import InputError
from submission.files.named import named
from submission.scoring.answered import answered_only
from submission.scoring.cached import Progress, cached, quiet

HUB_FOLDER = "sentence-transformers/"


@dataclass(frozen=True)
class Models:
    """Models given instead of those that metrics name, by metric; ``fast`` asks for bfloat16."""

    paths: Mapping[str, str] = field(default_factory=dict)
    fast: bool = False

    @classmethod
    def read(cls, given: Sequence[str], *, fast: bool = False) -> Models:
        """From ``bertscore=PATH``. Raises :class:`InputError` for another form or metric."""
        paths: dict[str, str] = {}
        known = sorted(each.name for each in available() if takes(each.name, "model"))
        for each in given:
            name, equals, path = (piece.strip() for piece in each.partition("="))
            if not equals or not path or name not in known:
                raise InputError(
                    f"--metric-model {each}: write METRIC=PATH, METRIC one of {', '.join(known)}."
                )
            named(path)
            paths[name] = path
        return cls(paths, fast)

    def apply(self, spec: MetricSpec) -> MetricSpec:
        """The spec with the models in force."""
        options = dict(spec.options)
        given = self.paths.get(spec.name)
        if given is not None:
            if self.stand_in(spec) is not None:
                # Which layer is best differs from model to model.
                options.pop("layer", None)
            options["model"] = given
        if self.fast and takes(spec.name, "fast"):
            options["fast"] = "1"
        return MetricSpec(spec.name, tuple(options.items()))

    def stand_in(self, spec: MetricSpec) -> Note | None:
        """Why the metric's number is another model's, if it is."""
        given, declared = self.paths.get(spec.name), model_of(spec)
        if given is None or declared is None or same_model(given, declared):
            return None
        filled = {"metric": spec.name, "given": given, "declared": declared}
        return Note("proxy.model", filled)


class MetricFactory:
    """Builds metrics from specs; each is built once, and scores the same rows once.

    ``answered`` leaves out rows without an answer.
    """

    def __init__(
        self,
        encoder: Callable[[], Encoder],
        references: ReferencesBy,
        models: Models,
        progress: Progress = quiet,
        *,
        answered: bool = False,
    ) -> None:
        self._encoder = encoder
        self._answered = answered
        self._references: ReferencesBy = references
        self._models = models
        self._progress = progress
        self._built: dict[str, Metric] = {}
        self._stand_ins: dict[str, Note] = {}
        self._cached: dict[str, Metric] = {}

    @property
    def any_fast(self) -> bool:
        """Whether one of the metrics built so far can be computed in bfloat16."""
        return any(takes(parse_spec(spec).name, "fast") for spec in self._built)

    @property
    def stand_ins(self) -> list[Note]:
        """Which of the metrics built so far have another model than they ask for."""
        return list(self._stand_ins.values())

    def bare(self, spec: str) -> Metric:
        """The metric itself.

        Raises ``EvaluationError`` where it cannot be built, naming the option that helps.
        """
        if spec not in self._built:
            asked = parse_spec(spec)
            try:
                built = build_metric(
                    self._models.apply(asked),
                    encoder_factory=self._encoder,
                    default_references=self._references,
                )
            except ModelUnavailableError as error:
                raise ModelUnavailableError(
                    f"{error}. Give a local copy with --metric-model {asked.name}=PATH; any other "
                    "model makes the score a proxy"
                ) from error
            reason = self._models.stand_in(asked)
            if reason is not None:
                self._stand_ins[asked.name] = reason
            self._built[spec] = answered_only(built) if self._answered else built
        return self._built[spec]

    def cached(self, spec: str) -> Metric:
        """The metric, which scores nothing twice."""
        if spec not in self._cached:
            self._cached[spec] = cached(self.bare(spec), self._progress)
        return self._cached[spec]


def takes(metric: str, option: str) -> bool:
    """Whether the metric's spec has such an option."""
    entry = next((each for each in available() if each.name == metric), None)
    return entry is not None and any(each.name == option for each in entry.options)


def model_of(spec: MetricSpec) -> str | None:
    """The model that a spec names or leaves to the metric; None where it has none."""
    given = dict(spec.options).get("model")
    if given is not None:
        return given
    entry = next(each for each in available() if each.name == spec.name)
    return next((each.default for each in entry.options if each.name == "model"), None)


def same_model(given: str, declared: str) -> bool:
    """Whether ``given`` names the declared model, or is a folder of its name.

    A local path may be a copy of the declared model; only the same name, or a folder of that
    name, is taken for it.
    """
    # "offline:512" is "offline", and the hub's own folder of sentence encoders needs no naming.
    name = given.strip().partition(":")[0].removeprefix(HUB_FOLDER)
    if name == declared.removeprefix(HUB_FOLDER):
        return True
    wanted = declared.rsplit("/", 1)[-1]
    folder = named(given).resolve()
    if not folder.is_dir():
        return False
    # The hub's own cache writes models--OWNER--NAME/snapshots/REVISION.
    cached = folder.parent.name == "snapshots" and folder.parents[1].name.startswith("models--")
    return folder.name == wanted or (cached and folder.parents[1].name.endswith(f"--{wanted}"))

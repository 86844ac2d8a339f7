"""What goes wrong for a reason the caller can mend."""


class EvaluationError(ValueError):
    """A bad metric spec, bad input, or a model that cannot be loaded.

    The message is one sentence that says what is wrong and, where there is one, which option helps.
    """


class ModelUnavailableError(EvaluationError):
    """A model that is not there or cannot be read: a copy of it in a folder would help."""

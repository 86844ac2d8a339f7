"""Why a tokenizer cannot be used: files that are not there or damaged, or a class that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from evaluators.encoders.torch_support import quiet_transformers
from submission.errors import InputError
from submission.files.model_files import read_json

TEMPLATE = "chat_template.jinja"
_SAMPLE = "벽지 Wall 12"
_VOCABULARIES = ("tokenizer.json", "*.model", "vocab.*", "*.tiktoken")
_ANOTHER = "name another tokenizer in the recipe (model.tokenizer)"


def keeps_text(tokenizer: Any) -> bool:
    """Whether a short text in two scripts comes back from the tokenizer."""
    ids = tokenizer(_SAMPLE, add_special_tokens=False)["input_ids"]
    return _same_letters(tokenizer.decode(ids))


def _same_letters(text: str) -> bool:
    return "".join(text.split()) == "".join(_SAMPLE.split())


def is_whole(folder: Path) -> bool:
    """Whether the folder's tokenizer.json by itself, whatever class is named, keeps any text."""
    from tokenizers import Tokenizer

    try:
        alone = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception:  # noqa: BLE001 -- the library raises it bare
        return False
    ids = alone.encode(_SAMPLE, add_special_tokens=False).ids
    return _same_letters(alone.decode(ids, skip_special_tokens=False))


def template_text(path: Path) -> str:
    """The chat template in a file. Raises :class:`InputError` for one that is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError(
            f"{path}: is not UTF-8 text, so there is no chat template in it. Copy the file again, "
            "or remove it."
        ) from None


def not_loaded(folder: Path, reason: str, *, trust_remote_code: bool) -> InputError:
    """What is to be said of the tokenizer in ``folder``, whose loading ended for ``reason``."""
    import transformers

    try:
        settings = _settings(folder)
    except InputError as error:
        return error
    name = settings.get("tokenizer_class")
    if not trust_remote_code and _own_code(folder, settings):
        return InputError(
            f"{folder}: its tokenizer or its model comes with Python code of its own. Read that, "
            f"and set model.trust_remote_code=true to run it, or {_ANOTHER}."
        )
    if name and not hasattr(transformers, name):
        return InputError(
            f"{folder}: its tokenizer class ({name}) is not one of transformers "
            f"{transformers.__version__}. Set model.trust_remote_code=true if it comes with the "
            f"model, or {_ANOTHER}."
        )
    if name and is_whole(folder) and _only_the_class(folder, getattr(transformers, name)):
        return misfit(folder, reason)
    if _has_vocabulary(folder):
        return InputError(
            f"{folder}: no tokenizer that can be loaded: {reason.rstrip('. ')}. "
            f"{_ANOTHER[0].upper()}{_ANOTHER[1:]}."
        )
    return no_vocabulary(folder)


def misfit(folder: Path, reason: str) -> InputError:
    """What is to be said of a class that cannot read its tokenizer.json, or loses text of it."""
    name = _settings(folder).get("tokenizer_class")
    return InputError(
        f"{folder}: its tokenizer class{f' ({name})' if name else ''} does not fit its "
        f"tokenizer.json: {reason.rstrip('. ')}. Set tokenizer_class to PreTrainedTokenizerFast in "
        "tokenizer_config.json."
    )


def no_vocabulary(folder: Path) -> InputError:
    """What is to be said of a folder of whose tokenizer there is no vocabulary."""
    return InputError(
        f"{folder}: has no vocabulary of a tokenizer (tokenizer.json, or its vocab or .model "
        "file). Copy the model's tokenizer files there, or name their folder in the recipe "
        "(model.tokenizer)."
    )


def _settings(folder: Path) -> dict[str, Any]:
    """The tokenizer's own settings. Raises :class:`InputError` for what no tokenizer can have."""
    if (folder / TEMPLATE).is_file():
        template_text(folder / TEMPLATE)
    path = folder / "tokenizer_config.json"
    settings = read_json(path) if path.is_file() else {}
    name, template = settings.get("tokenizer_class"), settings.get("chat_template")
    if name is not None and not isinstance(name, str):
        raise InputError(f"{path}: tokenizer_class is {name!r}, which is no name.")
    if not _is_template(template):
        raise InputError(
            f"{path}: chat_template is {template!r}, which is neither a text nor a list of named "
            "texts. Correct it, or remove it."
        )
    return settings


def _is_template(value: Any) -> bool:
    if isinstance(value, list):
        return all(isinstance(each, dict) and {"name", "template"} <= {*each} for each in value)
    return value is None or isinstance(value, str)


def _own_code(folder: Path, settings: dict[str, Any]) -> bool:
    path = folder / "config.json"
    return bool(settings.get("auto_map") or (path.is_file() and read_json(path).get("auto_map")))


def _only_the_class(folder: Path, named: Any) -> bool:
    """Whether ``named`` cannot read the folder's tokenizer where the general class can."""
    from transformers import PreTrainedTokenizerFast

    for kind, wanted in ((PreTrainedTokenizerFast, True), (named, False)):
        try:
            with quiet_transformers():
                kept = keeps_text(kind.from_pretrained(folder))
        except Exception:  # noqa: BLE001 -- whatever a class raises for files it does not know
            kept = False
        if kept is not wanted:
            return False
    return True


def _has_vocabulary(folder: Path) -> bool:
    return any(file for pattern in _VOCABULARIES for file in folder.glob(pattern))

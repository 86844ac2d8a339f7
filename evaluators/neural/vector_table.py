"""The token vectors of many texts in one matrix, gathered from memory, disk and the model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evaluators.neural.vector_cache import TextVectors
from evaluators.progress import advance

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import torch

    from evaluators.neural.token_encoder import TokenEncoder
    from evaluators.neural.vector_cache import VectorCache


@dataclass(frozen=True)
class VectorTable:
    """Texts' token ids ``(tokens,)`` and unit vectors ``(tokens, width)``, end to end.

    ``places`` numbers the texts; text n's tokens begin at ``starts[n]`` and are ``lengths[n]``.
    """

    ids: torch.Tensor
    vectors: torch.Tensor
    starts: torch.Tensor
    lengths: torch.Tensor
    places: dict[str, int]
    cut: list[bool]

    def text(self, text: str) -> TextVectors:
        """Return one text's part; it shares the table's memory."""
        place = self.places[text]
        start = int(self.starts[place])
        tokens = slice(start, start + int(self.lengths[place]))
        return TextVectors(self.ids[tokens], self.vectors[tokens], self.cut[place])


@dataclass
class VectorSource:
    """Finds or computes texts' vectors, each text once.

    ``embedded`` counts the texts computed here, ``cached`` those found in the cache.
    """

    encoder: TokenEncoder
    cache: VectorCache | None = None
    embedded: int = 0
    cached: int = 0
    _kept: dict[str, TextVectors] = field(default_factory=dict, repr=False)

    def table(
        self, texts: Collection[str], cacheable: Collection[str], needed_later: Collection[str]
    ) -> VectorTable:
        """Return a table of distinct texts.

        New vectors of ``cacheable`` texts go into the cache. Those of texts that are not there
        and are ``needed_later`` stay in memory until they no longer are.
        """
        found = self._find(texts)
        advance(len(found))
        lacking = [text for text in texts if text not in found]
        # First what goes into the cache, so that it lies together.
        lacking.sort(key=lambda text: text not in cacheable)
        table = self._assemble(lacking, found)
        count = sum(text in cacheable for text in lacking)
        if self.cache is not None and count:
            self._store(self.cache, table, lacking[:count])
        for text in texts:
            if text not in needed_later:
                self._kept.pop(text, None)
            elif text not in self._kept and self._absent(text):
                self._kept[text] = _copy(table.text(text))
        return table

    def _find(self, texts: Collection[str]) -> dict[str, TextVectors]:
        found = {text: self._kept[text] for text in texts if text in self._kept}
        if self.cache is not None:
            for text in texts:
                if text not in found and (held := self.cache.get(text)) is not None:
                    found[text] = held
                    self.cached += 1
        return found

    def _assemble(self, lacking: list[str], found: dict[str, TextVectors]) -> VectorTable:
        import torch

        encoder = self.encoder
        new = encoder.tokenize(lacking)
        self.embedded += len(new)
        lengths = [len(tokens.ids) for tokens in new]
        lengths += [len(held.ids) for held in found.values()]
        starts = [0]
        for length in lengths:
            starts.append(starts[-1] + length)
        vectors = torch.empty(starts[-1], encoder.width, device=encoder.device)
        for places, block in encoder.embed([tokens.ids for tokens in new]):
            begin = 0
            for place in places:
                end = begin + lengths[place]
                vectors[starts[place] : starts[place + 1]] = block[begin:end]
                begin = end
            advance(len(places))
        ids = [torch.tensor(tokens.ids, dtype=torch.int32) for tokens in new]
        for place, held in enumerate(found.values(), start=len(new)):
            vectors[starts[place] : starts[place + 1]] = held.vectors.to(encoder.device)
            ids.append(held.ids)
        return VectorTable(
            ids=torch.cat(ids) if ids else torch.zeros(0, dtype=torch.int32),
            vectors=vectors,
            starts=torch.tensor(starts[:-1]),
            lengths=torch.tensor(lengths, dtype=torch.int64),
            places={text: place for place, text in enumerate([*lacking, *found])},
            cut=[*(tokens.cut for tokens in new), *(held.cut for held in found.values())],
        )

    @staticmethod
    def _store(cache: VectorCache, table: VectorTable, texts: Sequence[str]) -> None:
        count = len(texts)
        end = int(table.starts[count - 1] + table.lengths[count - 1])
        cache.add(
            texts,
            table.starts[:count].tolist(),
            table.cut[:count],
            table.ids[:end],
            table.vectors[:end].cpu(),
        )

    def _absent(self, text: str) -> bool:
        return self.cache is None or self.cache.get(text) is None


def _copy(held: TextVectors) -> TextVectors:
    return TextVectors(held.ids.clone(), held.vectors.clone(), held.cut)

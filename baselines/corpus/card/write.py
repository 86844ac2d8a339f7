"""Writing the card into its folder, with what a person says about the corpus."""

from __future__ import annotations

from pathlib import Path

import msgspec

from baselines.corpus.card.text import card_text, without_card
from baselines.corpus.folder import CARD, Manifest, part_of, write_manifest
from baselines.corpus.history import Titles
from submission.files.atomic import write_bytes


def with_card(folder: Path, manifest: Manifest) -> Manifest:
    """Write the card into ``folder``; the manifest with the card among its files."""
    bare = without_card(manifest)
    write_bytes(folder / CARD, card_text(bare).encode())
    return msgspec.structs.replace(bare, others=(*bare.others, part_of(folder / CARD, 0)))


def retitle(folder: Path, manifest: Manifest, titles: Titles) -> Manifest:
    """Write the card again with what ``titles`` say; what they leave empty stays as it was."""
    said = {name: value for name, value in msgspec.structs.asdict(titles).items() if value}
    new = msgspec.structs.replace(manifest, titles=msgspec.structs.replace(manifest.titles, **said))
    written = with_card(folder, new)
    write_manifest(folder, written)
    return written

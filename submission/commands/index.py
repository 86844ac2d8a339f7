"""``leaderkit index``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, say, tell, warn
from submission.terminal.progress import Pace

if TYPE_CHECKING:
    from submission.retrieval.build import Outcome

SHOWN = 5
"""Documents that are skipped, on the terminal."""


@click.command()
@click.argument("documents", nargs=-1, type=options.NAME)
@click.option("--out", type=options.NAME, required=True, metavar="FOLDER|URL", help="The index.")
@click.option(
    "--encoder",
    default="offline",
    show_default=True,
    type=options.NAME,
    help="Sentence encoder: a folder, a name of the hub, offline, a server's model (with "
    "--base-url), or none for BM25 alone.",
)
@click.option("--base-url", metavar="URL", help="OpenAI-compatible server that has the encoder.")
@click.option(
    "--key",
    default="OPENAI_API_KEY",
    show_default=True,
    metavar="NAME",
    help="Environment variable with the server's key.",
)
@click.option("--query-prefix", default="", help="What the encoder wants before a question.")
@click.option("--passage-prefix", default="", help="What the encoder wants before a passage.")
@click.option(
    "--size", type=click.IntRange(20, 100_000), default=1000, show_default=True, help="Of a chunk."
)
@click.option(
    "--overlap",
    type=click.IntRange(0),
    default=200,
    show_default=True,
    help="What a chunk repeats of the one before.",
)
@click.option(
    "--unit",
    type=click.Choice(["characters", "tokens"]),
    default="characters",
    show_default=True,
    help="Of --size and --overlap; tokens are the encoder's.",
)
@click.option("--anywhere", is_flag=True, help="Cut chunks at spaces, not at sentences.")
@click.option(
    "--words",
    type=click.Choice(["morphemes", "bigrams", "mixed", "words"]),
    default="mixed",
    show_default=True,
    help="What BM25 counts.",
)
@click.option("--id-column", metavar="NAME", help="The documents' ids in a table.")
@click.option("--text-column", metavar="NAME", help="The documents' text in a table.")
@click.option("--title-column", metavar="NAME", help="The documents' titles in a table.")
@click.option("--add", is_flag=True, help="Keep the documents that the index has already.")
@click.option("--remove", multiple=True, metavar="ID", help="Take a document out of the index.")
@click.option("--rebuild", is_flag=True, help="Start over, with other settings than before.")
@click.option(
    "--approximate",
    is_flag=True,
    help="Search vectors approximately (HNSW), and measure what that finds of the exact ten.",
)
@click.option("--skip-unreadable", is_flag=True, help="Go on past files that cannot be read.")
@options.as_json()
def command(
    documents: tuple[str, ...],
    out: str,
    encoder: str,
    base_url: str | None,
    key: str,
    query_prefix: str,
    passage_prefix: str,
    size: int,
    overlap: int,
    unit: str,
    anywhere: bool,
    words: str,
    id_column: str | None,
    text_column: str | None,
    title_column: str | None,
    add: bool,
    remove: tuple[str, ...],
    rebuild: bool,
    approximate: bool,
    skip_unreadable: bool,
    as_json: bool,
) -> None:
    """Make an index of DOCUMENTS for retrieval, or bring it up to date.

    DOCUMENTS are files and folders: CSV, TSV, JSON and JSON lines with a document a row (also what
    leaderkit corpus writes), text, Markdown, HTML, PDF and HWPX. The index then holds these
    documents; what it holds already is not embedded again. A killed command goes on where it
    stopped when it is given again, and until it is finished the index answers as before.
    """
    from submission.files.toml import validate
    from submission.retrieval import build
    from submission.retrieval.documents import Columns, read_documents
    from submission.retrieval.store import Store

    if remove:
        if documents or add or rebuild or approximate:
            raise click.UsageError("--remove takes documents out and does nothing else.")
        done = build.remove(Store(out), remove)
    else:
        if not documents:
            raise click.UsageError("Name the documents, or --remove some.")
        skipped: list[str] = []
        pace = Pace(None, "chunks")

        def progress(chunks: int) -> None:
            pace.done = chunks
            if pace.due:
                say(f"Indexing: {pace.line()}.")

        dense = {
            "encoder": encoder,
            "base_url": base_url,
            "key": key,
            "query_prefix": query_prefix,
            "passage_prefix": passage_prefix,
        }
        tables = {
            "chunking": {
                "size": size,
                "overlap": overlap,
                "unit": unit,
                "sentences": not anywhere,
            },
            "sparse": {"tokens": words},
            "dense": None if encoder == "none" else dense,
        }
        chosen = validate(build.Settings, tables, "leaderkit index")
        columns = Columns(id_column, text_column, title_column)
        done = build.build(
            Store(out, create=True),
            chosen,
            read_documents(documents, columns, skipped.append if skip_unreadable else None),
            add=add,
            rebuild=rebuild,
            approximate=approximate,
            progress=progress,
            say=say,
        )
        for each in skipped[:SHOWN]:
            warn(f"skipped: {each}")
        if len(skipped) > SHOWN:
            warn(f"{len(skipped) - SHOWN} more were skipped")
    if as_json:
        print_json(done._asdict() | {"index": out})
    else:
        tell(_told(out, done))


def _told(out: str, done: Outcome) -> str:
    parts = [
        f"{out}: {done.documents:,} documents, {done.chunks:,} chunks",
        f"{done.embedded:,} texts embedded, {done.kept:,} chunks as they were",
    ]
    if done.removed:
        parts.append(f"{done.removed:,} removed")
    if done.repeated:
        parts.append(f"{done.repeated:,} documents given twice")
    if done.recall is not None:
        parts.append(f"approximate search finds {done.recall:.1%} of the exact ten")
    return "; ".join(parts) + "."

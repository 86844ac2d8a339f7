"""The one reader and writer of tables: CSV, TSV, JSON arrays and JSON lines.

What is checked, scored and submitted passes through here, so that a file means the same thing
everywhere. Text columns are always strings and nothing is guessed: ``NA``, ``null``, an empty
cell and ``0000001`` stay as they are in the file.
"""

from submission.tables.json_text import JsonText
from submission.tables.read import Form, Items, read_items, read_table
from submission.tables.table import Record, Table
from submission.tables.write import (
    csv_lines,
    json_lines,
    jsonl_lines,
    write_csv,
    write_json,
    write_jsonl,
)

__all__ = [
    "Form",
    "Items",
    "JsonText",
    "Record",
    "Table",
    "csv_lines",
    "json_lines",
    "jsonl_lines",
    "read_items",
    "read_table",
    "write_csv",
    "write_json",
    "write_jsonl",
]

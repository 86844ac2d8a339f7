"""Readers: from files of known layouts to records."""

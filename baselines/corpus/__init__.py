"""From raw documents to training records: read, clean, mask, deduplicate, expand, document."""

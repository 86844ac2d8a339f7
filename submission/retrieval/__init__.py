"""Documents in chunks, an index of them, and the passages that answer a question."""

"""Pages of the web: what is on them, read where they can do no harm."""

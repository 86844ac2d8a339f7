"""Records that are there more than once: exactly, nearly, or in other words."""

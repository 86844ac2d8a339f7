"""Files on disk: written whole or not at all, read, hashed, and found where a model keeps them."""

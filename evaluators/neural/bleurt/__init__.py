"""BLEURT checkpoints of RemBERT's architecture, read in their converted format."""

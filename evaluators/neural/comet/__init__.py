"""COMET regression metrics, read from their published checkpoints."""

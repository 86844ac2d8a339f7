"""A grid of trainings: the effect of size, rank and method of fine-tuning on each task."""

"""A grid of trainings: what each size, rank and method of fine-tuning is worth on each task."""

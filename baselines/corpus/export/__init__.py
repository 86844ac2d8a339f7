"""Records as the training files that recipes take."""

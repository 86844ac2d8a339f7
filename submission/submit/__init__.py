"""The submission file and its manifest."""

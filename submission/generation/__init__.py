"""From a recipe and a test file to a run's rows."""

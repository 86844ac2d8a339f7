"""Several processes on this machine, each with the model, that share a run's rows."""

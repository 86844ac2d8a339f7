"""vLLM engines in a Ray cluster, fed by Ray Data."""

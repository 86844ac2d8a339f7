"""What experiments, ablations and studies share: files, cells, runs, scores and costs."""

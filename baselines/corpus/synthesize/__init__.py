"""Records that a model writes, checked against their documents."""

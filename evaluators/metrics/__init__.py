"""One metric a file; a module that defines ``ENTRIES`` is found by the registry."""

"""Engines: requests in, completions out, each as soon as it is finished."""

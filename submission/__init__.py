"""leaderkit: from a competition's test file to a checked submission."""

__version__ = "0.1.0"

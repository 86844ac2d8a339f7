"""The data card of a corpus: its README, and the check of a folder against what it says."""

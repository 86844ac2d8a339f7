"""DocQuest: scorers of how useful passages are, and whether they are sufficient; made and tuned."""

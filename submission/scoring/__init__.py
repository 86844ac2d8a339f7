"""The organizer's score of a run or a file."""

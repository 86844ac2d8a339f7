"""Several recipes over one test file, from a file to a leaderboard."""

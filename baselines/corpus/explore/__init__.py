"""What a corpus is like: counts, lengths, words, categories, duplicates, leaks and drift."""

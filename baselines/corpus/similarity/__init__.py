"""How alike two texts are: normal forms, shingles, MinHash candidates, exact verification."""

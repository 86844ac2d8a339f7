"""A table's rows as questions, training rows, references and predictions."""

"""What was asked and answered: the ledger, and the answers in it."""

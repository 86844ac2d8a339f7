"""Files in folders and archives, read where they are."""

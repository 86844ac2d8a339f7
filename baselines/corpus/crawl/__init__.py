"""Pages of the web, fetched as their servers allow."""

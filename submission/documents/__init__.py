"""Documents of one file each, read where they can do no harm: web pages, PDF, HWPX."""

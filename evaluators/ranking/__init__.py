"""How reliable a ranking of systems is."""

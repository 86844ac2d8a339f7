"""How the adapters and the stand-in model of the baselines are made."""

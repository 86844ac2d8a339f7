"""Layouts of JSON data sets, declared in TOML files, and what reads by them."""

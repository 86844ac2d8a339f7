"""Markup, stray characters and boilerplate off; records that are no good out, with the reason."""

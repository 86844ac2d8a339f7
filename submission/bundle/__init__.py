"""Packages that answer a test file without leaderkit, for the organizer's check of the code."""

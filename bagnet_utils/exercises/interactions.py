"""Checks of notebook 09."""

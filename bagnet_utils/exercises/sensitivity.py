"""Checks of notebook 11."""

"""Checks of notebook 10."""

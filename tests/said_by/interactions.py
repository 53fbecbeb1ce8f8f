"""What the text of notebook 09 says."""

NOTEBOOK = "09_interactions"
SAID, MEASURED = [], []

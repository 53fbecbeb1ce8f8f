"""What the text of notebook 11 says."""

NOTEBOOK = "11_sensitivity"
SAID, MEASURED = [], []

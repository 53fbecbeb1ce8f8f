"""Wrong answers to the exercises of notebook 11: check -> answers, and a piece of what each must be told."""

WRONG = {}

"""Wrong answers to the exercises of notebook 10: check -> answers, and a piece of what each must be told."""

WRONG = {}

"""What a learner has solved and guessed, kept in a small file in the folder of working copies. It stays on the machine."""


def record_check(name: str, outcome: str) -> None:
    """Remember how a check ended: "right", "wrong" or "not tried". Once right stays right."""

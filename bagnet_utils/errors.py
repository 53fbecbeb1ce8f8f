"""One kind of error for everything a learner may get wrong."""


class BadInput(ValueError):
    """A sentence that says what was given, what is wanted and what to do.

    It is a ValueError to programs. In a notebook it shows as that one sentence, without a wall of traceback.
    """

    def _render_traceback_(self) -> list[str]:  # the name IPython looks for
        return [f"\033[31m{self}\033[0m"]

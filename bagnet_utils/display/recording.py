"""What a page without a kernel needs of a widget: kept only while `course.py run` runs a notebook of the course."""

import os
from collections.abc import Callable

LIVE = "application/vnd.bagnet.live+json"  # the kind of output that `course.py run` takes out of a notebook
ASKED = "BAGNET_LIVE"  # the environment variable that asks for it


def recorded(live: Callable[[], dict]) -> dict:
    """As a part of what is shown; nothing where nobody asked."""
    return {LIVE: live()} if os.environ.get(ASKED) else {}

"""What this machine lacks."""

import os

import pytest


def unavailable(reason: str) -> None:
    """Skip on a reader's machine; continuous integration must have everything."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)

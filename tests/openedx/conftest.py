"""Gives the tests of this folder the running platform, and a tiny tool to try it with."""

from tests.openedx.fixtures import openedx
from tests.openedx.tiny_tool import keys, stranger, tiny

__all__ = ["keys", "openedx", "stranger", "tiny"]

"""Gives the tests of this folder the running platform."""

from tests.openedx.fixtures import openedx

__all__ = ["openedx"]

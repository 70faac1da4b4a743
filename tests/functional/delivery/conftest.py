"""The fixtures of a connected LMS, for this folder."""

from tests.functional.connected import canvas, connected, lms

__all__ = ["canvas", "connected", "lms"]

"""Unit tests of the LTI side."""

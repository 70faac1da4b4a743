"""Tests of the pages of whoever connects a platform."""

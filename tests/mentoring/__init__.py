"""Tests of the mentoring domain."""

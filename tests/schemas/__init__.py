"""Tests of the shapes of outside input."""

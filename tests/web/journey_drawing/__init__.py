"""Tests of the drawings of a journey."""

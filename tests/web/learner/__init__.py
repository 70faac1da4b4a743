"""Tests of the learners' pages."""

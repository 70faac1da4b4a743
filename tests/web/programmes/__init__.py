"""Tests of the pages on which a programme is set up."""

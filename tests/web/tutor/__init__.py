"""Tests of the tutor's pages."""

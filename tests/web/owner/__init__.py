"""Tests of the pages of owners and of human resources."""

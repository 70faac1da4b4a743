"""Tests of the commands of `tandem`."""

"""Tests of :mod:`lti_tool.composition`."""

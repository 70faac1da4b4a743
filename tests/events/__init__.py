"""Tests of :mod:`lti_tool.events`, and of what the log makes."""

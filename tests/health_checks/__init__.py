"""Tests of :mod:`lti_tool.health_checks`."""

"""Tests of :mod:`lti_tool.lti`."""

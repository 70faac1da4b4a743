"""Tests of :mod:`lti_tool.lti.deep_linking`."""

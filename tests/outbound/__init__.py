"""Tests of :mod:`lti_tool.outbound`."""

"""Tests of :mod:`lti_tool.translation`."""

"""Tests of :mod:`lti_tool.identity`."""

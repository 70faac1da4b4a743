"""Tests of :mod:`lti_tool.demo`."""

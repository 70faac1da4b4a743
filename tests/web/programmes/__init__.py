"""Tests of :mod:`lti_tool.web.programmes`."""

"""Tests of :mod:`lti_tool.messaging`."""

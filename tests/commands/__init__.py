"""Tests of :mod:`lti_tool.commands`."""

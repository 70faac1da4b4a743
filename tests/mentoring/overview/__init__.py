"""Tests of :mod:`lti_tool.mentoring.overview`."""

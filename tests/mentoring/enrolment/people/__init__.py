"""Tests of :mod:`lti_tool.mentoring.enrolment.people`."""

"""Tandem: reverse mentoring inside the LMS, as an LTI 1.3 tool."""

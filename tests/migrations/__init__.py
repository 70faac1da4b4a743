"""Tests of :mod:`lti_tool.migrations`, on real data of earlier versions."""

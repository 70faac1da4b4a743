"""Tests of :mod:`lti_tool.subscribers`, with the transaction that runs them."""

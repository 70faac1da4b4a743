"""The commands of ``tandem``, one module for each family; :mod:`lti_tool.cli` puts them together."""

"""Measures of the tool, each as a ratio to a named baseline that runs beside it. ``python -m bench``."""

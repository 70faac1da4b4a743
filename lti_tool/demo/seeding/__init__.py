"""Data for looking at and for measuring, made by the tool's own actions: cohorts with a past, and many rows."""

"""Adding people to a cohort from a file: read it, match its rows with the people of the courses, and invite them."""

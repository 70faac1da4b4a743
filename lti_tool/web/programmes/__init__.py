"""The pages on which a programme is set up: the list of its parts, one page for each, and its start."""

"""Pages of those who own a programme, or read it for human resources, and what was done in it."""

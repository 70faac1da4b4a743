"""Who: organisations, people, their places in courses, and who may do what."""

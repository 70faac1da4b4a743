"""What is remembered of the forms of a launch's pages: those that had their effect, and those that came too late."""

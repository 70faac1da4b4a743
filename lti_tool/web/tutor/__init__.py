"""The pages of a tutor."""

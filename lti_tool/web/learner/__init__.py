"""The pages of a mentor and a mentee."""

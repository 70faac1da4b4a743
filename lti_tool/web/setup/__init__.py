"""The pages of whoever connects a platform."""

"""The content picker of a platform."""

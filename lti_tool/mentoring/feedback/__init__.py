"""Feedback on a meeting from one of a pair to the other, and the thanks at the end."""

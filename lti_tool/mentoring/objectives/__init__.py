"""What one of a pair wants to learn from the other."""

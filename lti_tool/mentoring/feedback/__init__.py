"""What one of a pair tells the other of a meeting, and the thanks at the end."""

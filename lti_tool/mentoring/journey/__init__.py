"""What a participant's own pages show."""

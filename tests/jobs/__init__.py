"""Background jobs, on both databases, in real threads and processes."""

"""One mentor with one mentee, and the agreement that both sign."""

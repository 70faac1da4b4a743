"""What must reach another machine, written in the transaction that decided it, and its delivery."""

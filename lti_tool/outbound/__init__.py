"""Calls to other machines: guarded, timed and limited."""

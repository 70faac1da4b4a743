"""Connecting a platform."""

"""Registrations: how a platform comes to be trusted."""

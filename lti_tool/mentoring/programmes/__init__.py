"""Programmes, their cohorts, and the activities in courses that open them."""

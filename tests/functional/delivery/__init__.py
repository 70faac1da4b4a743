"""Delivery, from the fact to the LRS and the gradebook."""

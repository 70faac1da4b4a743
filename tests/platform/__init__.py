"""A platform in the hands of whoever tests: it signs whatever it is asked to, true or forged."""

"""Deep Linking 2.0."""

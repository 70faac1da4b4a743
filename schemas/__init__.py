"""The one source of truth for the shapes of forms, JSON, configuration, claims and registration."""

"""Who takes part in a cohort, and in which role."""

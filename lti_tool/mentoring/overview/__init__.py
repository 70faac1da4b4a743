"""What a tutor's page shows of a cohort."""

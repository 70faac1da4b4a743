"""Names and Role Provisioning Services 2.0."""

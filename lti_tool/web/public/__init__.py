"""What anybody may read: the landing page, the xAPI profile, the keys, the health of the process."""

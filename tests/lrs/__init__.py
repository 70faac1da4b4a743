"""Real Learning Record Stores as processes: Ralph is lenient, Learning Locker's xapi-statements is strict."""

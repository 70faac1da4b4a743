"""When a participant has completed the programme: the rule, its evaluation, and the tutor's part in it."""

"""The event log: what happened, in the past tense, in the order in which it happened.

An action appends an event in its own transaction; before the commit the subscribers handle it
(:mod:`lti_tool.events.dispatch`). What subscribers keep can be computed again from the log alone
(:mod:`lti_tool.events.replay`).
"""

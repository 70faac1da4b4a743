"""The domain of reverse mentoring, without any protocol or web: one folder for each of its nouns.

Each folder has models, events, actions (verbs that check, change rows and append an event) and queries. Folders know
each other by ``events`` and ``queries`` alone; what one must change in another is a subscriber's work
(:mod:`lti_tool.subscribers`).
"""

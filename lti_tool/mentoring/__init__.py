"""The mentoring domain: people in pairs, their sessions and objectives, and the rules that complete a programme."""

"""Forms: what is wrong with them, sent twice, in another language, and after the end of a session."""

"""The web: a folder for each audience with its views, words and templates, and what they share."""

"""The audit as people read it: which entries are shown to whom, and a sentence for each, made when it is read."""

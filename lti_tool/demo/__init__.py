"""One command that shows the whole tool at work: a small LMS, an LRS and the tool, on loopback."""

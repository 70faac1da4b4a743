"""The tool at a platform with the rules of Canvas, over HTTP."""

"""The rules of Canvas, written from its source: https://github.com/instructure/canvas-lms.

Each rule names the file that it was read from, and the commit. None of Canvas's code is here.
"""

"""The pages: one module for each family. The only code that sees a Flask request; it parses, calls, renders."""

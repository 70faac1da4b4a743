"""The tool against an independent platform: Open edX's LTI consumer, in its own environment and process."""

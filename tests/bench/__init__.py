"""The measures of ``bench``."""

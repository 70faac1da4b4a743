"""Login and launch: LTI 1.3 core §4 and §5."""

"""Pages with which business people set a programme up and change it."""

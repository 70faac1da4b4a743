"""The pages with which business people set a programme up, start it and change it."""

"""What 1EdTech's certification asks of a tool, and what a hostile platform, person or network may try."""

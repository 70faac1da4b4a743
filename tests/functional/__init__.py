"""Through HTTP, as platforms and browsers see the tool."""

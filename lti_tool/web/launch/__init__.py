"""Login and launch, and continuing a launch in a new tab."""

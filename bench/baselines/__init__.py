"""What the tool is measured against: the least that a launch can be, and the best-known libraries as they are used."""

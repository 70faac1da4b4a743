"""The statements, the profile, the client and the delivery, each against real answers."""

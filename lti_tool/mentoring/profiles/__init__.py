"""What participants say of themselves to their partner: what they bring and want to learn, and how to reach them."""

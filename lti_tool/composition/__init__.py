"""How the parts are put together: what every part is given, the subscribers, the channels, and the transaction."""

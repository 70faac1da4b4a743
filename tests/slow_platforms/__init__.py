"""One platform drips, floods or never ends, and the others go on: real servers, real sockets."""

"""The platform's services, called over HTTP."""

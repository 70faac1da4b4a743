"""The demo's LMS as a platform: every refusal, and the request that passes beside it."""

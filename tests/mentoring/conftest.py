"""How hypothesis looks for counter-examples here: a busy machine is no counter-example."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "tandem", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tandem")

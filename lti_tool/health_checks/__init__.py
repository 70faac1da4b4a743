"""What may be wrong with an installation, and how to fix it: each check is a function of the services to findings.

Checks change nothing: no key is made, no table, no file. One that cannot be made says so as a finding.
"""

from __future__ import annotations

from typing import Final

from lti_tool.health_checks.deliveries import deliveries
from lti_tool.health_checks.environment import address, disk, private_networks, redis, settings
from lti_tool.health_checks.findings import Check, Finding, Verdict
from lti_tool.health_checks.jobs import jobs
from lti_tool.health_checks.record_stores import record_stores
from lti_tool.health_checks.remote import clock
from lti_tool.health_checks.stored import database, platforms, signing_key

__all__ = ["CHECKS", "Check", "Finding", "Verdict"]

CHECKS: Final = (
    Check("settings", settings),
    Check("address", address),
    Check("private networks", private_networks),
    Check("database", database),
    Check("Redis", redis),
    Check("disk", disk),
    Check("signing key", signing_key, needs_database=True),
    Check("platforms", platforms, needs_database=True),
    Check("clock", clock, needs_database=True),
    Check("LRS", record_stores),
    Check("deliveries", deliveries, needs_database=True),
    Check("jobs", jobs, needs_database=True),
)
"""In the order in which they are made. Once the database is wrong, what needs it would only say the same again."""

"""What may be wrong with an installation, and how to mend it: each check is a function from the tool to findings.

Checks look and change nothing: no key is made, no table, no file. One that cannot look says so as a finding.
"""

from __future__ import annotations

from typing import Final

from lti_tool.health_checks.findings import Check, Finding, Verdict
from lti_tool.health_checks.remote import clock, lrs
from lti_tool.health_checks.stored import database, deliveries, platforms, signing_key
from lti_tool.health_checks.surroundings import address, disk, pango, private_networks, settings

__all__ = ["CHECKS", "Check", "Finding", "Verdict"]

CHECKS: Final = (
    Check("settings", settings),
    Check("address", address),
    Check("private networks", private_networks),
    Check("database", database),
    Check("disk", disk),
    Check("signing key", signing_key, needs_database=True),
    Check("platforms", platforms, needs_database=True),
    Check("clock", clock, needs_database=True),
    Check("LRS", lrs),
    Check("deliveries", deliveries, needs_database=True),
    Check("Pango", pango),
)
"""In the order in which to look. Once the database is wrong, what needs it would only say the same again."""

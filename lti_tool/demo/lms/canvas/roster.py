"""Names and roles as Canvas gives them: who is asked for, and on which page.

Read from instructure/canvas-lms: ``app/controllers/lti/ims/providers/memberships_provider.rb`` (0e63cfc). At most fifty
members a page, all of them active; a role by its full address, or nobody; a link of another tool is refused.
"""

from __future__ import annotations

from typing import Final

from lti_tool.demo.lms.canvas.launches import CONTEXT_ROLES

LARGEST_PAGE: Final = 50


def page_size(limit: str | None) -> int:
    """How many members a page has; what is no number, or too large, means fifty."""
    wanted = int(limit) if limit is not None and limit.isascii() and limit.isdigit() and len(limit) < 9 else 0
    return min(wanted, LARGEST_PAGE) if wanted > 0 else LARGEST_PAGE


def enrolled(role: str) -> bool:
    """Whether somebody of this role in the demo is listed. The test student is left out."""
    return bool(CONTEXT_ROLES[role]) and role != "test_student"


def matches(role: str, wanted: str | None) -> bool:
    """Whether somebody is among those asked for. A short name is no role, so it finds nobody."""
    return wanted is None or wanted in CONTEXT_ROLES[role]

"""The two roles of a pair."""

from __future__ import annotations

import enum


class Role(enum.StrEnum):
    """The role in a pair. Chosen, never derived from age nor from LTI roles."""

    MENTOR = "mentor"
    MENTEE = "mentee"

    @property
    def other(self) -> Role:
        """The partner's role."""
        return Role.MENTEE if self is Role.MENTOR else Role.MENTOR

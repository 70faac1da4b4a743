"""The words of the pages on which people are added from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lti_tool.mentoring.enrolment.people.matching import Match, Outcome
from lti_tool.translation import gettext as _
from lti_tool.translation import ngettext
from lti_tool.web.language import number
from schemas.problem import N_


@dataclass(frozen=True)
class ColumnWords:
    """A column of a file, as the page describes it."""

    name: str
    example: str
    is_required: bool = False
    identifies: bool = False
    """Whether it is one of those by which somebody is found."""
    note: str = ""
    """What the example means, where it does not say so itself."""


def columns(skills: Sequence[str]) -> list[ColumnWords]:
    """The columns that a file may have. ``skills``: some of the programme's, for the examples."""
    first = f"{skills[0]}:3" if skills else ""
    second = "; ".join((first, *skills[1:2]))
    level = _("after the colon, a level from 1 to 5")
    return [
        ColumnWords(_("Role"), _("learns or teaches"), is_required=True),
        ColumnWords(_("E-mail"), "lina.haddad@example.org", identifies=True),
        ColumnWords(_("User name"), "lhaddad", identifies=True),
        ColumnWords(_("User ID in your platform"), "1204", identifies=True),
        ColumnWords(_("Name"), "Lina Haddad"),
        ColumnWords(_("Skills offered"), second, note=level),
        ColumnWords(_("Skills wanted"), first, note=level),
        ColumnWords(_("Department"), _("Finance")),
        ColumnWords(_("Manager"), "m.roche@example.org"),
        ColumnWords(_("Languages"), _("French, English")),
        ColumnWords(_("Time zone"), "Europe/Paris"),
        ColumnWords(_("Capacity"), "2", note=_("how many pairs the person takes at once")),
    ]


_OUTCOMES: Final[Mapping[Outcome, str]] = {
    Outcome.INVITED: N_("Invited now"),
    Outcome.AWAITED: N_("To enrol in the course"),
    Outcome.UPDATED: N_("Updated"),
    Outcome.UNCHANGED: N_("Nothing changes"),
}


def outcome(match: Match) -> str:
    """What becomes of one row."""
    return _(_OUTCOMES[match.outcome])


def role(code: str) -> str:
    """A role, as a table has it."""
    return _("Teaches") if code == "mentor" else _("Learns")


def summary(counts: Mapping[str, int]) -> list[str]:
    """What will be done with the rows of a file, one sentence for each outcome that there is."""
    invited, awaited, updated, unchanged = (counts.get(str(outcome), 0) for outcome in Outcome)
    sentences = (
        (
            invited,
            ngettext(
                "%(num)s person of this course is invited now.",
                "%(num)s people of this course are invited now.",
                invited,
                num=number(invited),
            ),
        ),
        (
            awaited,
            ngettext(
                "%(num)s person is not in this course yet.",
                "%(num)s people are not in this course yet.",
                awaited,
                num=number(awaited),
            ),
        ),
        (
            updated,
            ngettext(
                "%(num)s person is here already: their details are updated from the file.",
                "%(num)s people are here already: their details are updated from the file.",
                updated,
                num=number(updated),
            ),
        ),
        (
            unchanged,
            ngettext(
                "%(num)s person is here already, just as the file says: nothing changes.",
                "%(num)s people are here already, just as the file says: nothing changes.",
                unchanged,
                num=number(unchanged),
            ),
        ),
    )
    return [sentence for count, sentence in sentences if count]


def result(counts: Mapping[str, int]) -> list[str]:
    """What was done with the rows of a file, one sentence for each outcome but those still to enrol."""
    invited, updated, unchanged = (
        counts.get(str(outcome), 0) for outcome in Outcome if outcome is not Outcome.AWAITED
    )
    sentences = (
        (
            invited,
            ngettext(
                "%(num)s person was invited.", "%(num)s people were invited.", invited, num=number(invited)
            ),
        ),
        (
            updated,
            ngettext(
                "%(num)s person was updated.",
                "%(num)s people were updated.",
                updated,
                num=number(updated),
            ),
        ),
        (
            unchanged,
            ngettext(
                "For %(num)s person nothing has changed.",
                "For %(num)s people nothing has changed.",
                unchanged,
                num=number(unchanged),
            ),
        ),
    )
    return [sentence for count, sentence in sentences if count]

"""The words of a whole group on the tutor's pages: how many people there are, and where each of them is."""

from __future__ import annotations

import datetime as dt

from lti_tool.mentoring.overview.cohort import CohortOverview
from lti_tool.translation import gettext as _
from lti_tool.translation import ngettext
from lti_tool.translation.dates import long_date
from lti_tool.web.language import number


def days(overview: CohortOverview) -> str:
    """The first and the last day of a group, the year once where it is the same."""
    first, last = overview.starts_on, overview.ends_on
    return _(
        "%(start)s to %(end)s",
        start=long_date(first, year=first.year != last.year),
        end=long_date(last),
    )


def end_passed(overview: CohortOverview, today: dt.date) -> str:
    """That the last day has passed, and what pairs can still do that have not completed; empty until then."""
    if overview.ends_on >= today:
        return ""
    if all(pair.is_complete for pair in overview.pairs):
        return _("the last day has passed")
    return _("the last day has passed; pairs can still complete")


def people_until(overview: CohortOverview, today: dt.date) -> str:
    """How many people there are, and until when, in the one line that a phone shows."""
    words = {"people": people_count(overview.people), "end": long_date(overview.ends_on)}
    if overview.ends_on < today:
        return _("%(people)s; ended on %(end)s", **words)
    return _("%(people)s, until %(end)s", **words)


def people_count(people: int) -> str:
    """How many people a page shows: ``46 people``."""
    return ngettext("%(num)s person", "%(num)s people", people, num=number(people))


def places(overview: CohortOverview) -> list[str]:
    """Where the people of a group are; the numbers add up to all of them, since each is in one place."""
    counted = {
        "in_pairs": len(overview.in_rows - overview.only_proposed),
        "proposed": len(overview.only_proposed),
        "alone": len(overview.waiting_for_a_pair),
        "no_role": len(overview.without_role),
        "unopened": len(overview.never_opened),
        "out": len(overview.not_taking_part),
        "gone": len(overview.gone),
        "finished": len(overview.finished_alone),
    }
    words = {
        "in_pairs": ngettext("%(num)s in a pair", "%(num)s in pairs", counted["in_pairs"]),
        "proposed": ngettext("%(num)s in a proposed pair", "%(num)s in proposed pairs", counted["proposed"]),
        "alone": ngettext("%(num)s without a partner", "%(num)s without a partner", counted["alone"]),
        "no_role": ngettext("%(num)s without a role", "%(num)s without a role", counted["no_role"]),
        "unopened": ngettext("%(num)s never came", "%(num)s never came", counted["unopened"]),
        "out": ngettext("%(num)s not taking part", "%(num)s not taking part", counted["out"]),
        "gone": ngettext("%(num)s left the course", "%(num)s left the course", counted["gone"]),
        "finished": ngettext(
            "%(num)s needs no further pair", "%(num)s need no further pair", counted["finished"]
        ),
    }
    return [words[place] for place, count in counted.items() if count]


def people(overview: CohortOverview) -> str:
    """How many people there are and where; and how many a list names who are not in the course yet."""
    sentence = people_count(overview.people)
    where = places(overview)
    if where:
        sentence = _("%(people)s: %(places)s", people=sentence, places=", ".join(where))
    if overview.awaited:
        expected = ngettext(
            "%(num)s not in the course yet", "%(num)s not in the course yet", overview.awaited
        )
        sentence = f"{sentence} · {expected}"
    return sentence

"""The words of a pair on the tutor's pages: its state, what waits in it, its dates and meetings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from lti_tool.mentoring.enrolment.queries import INVITED
from lti_tool.mentoring.journey.views import PersonCard
from lti_tool.mentoring.overview.cohort import DeclinedPair, Newcomer, PairLine, ParticipantLine
from lti_tool.mentoring.overview.ended import EndedPair
from lti_tool.mentoring.overview.pair_rows import PairState, Sort, Wait, WaitKind
from lti_tool.translation import gettext as _
from lti_tool.translation import ngettext
from lti_tool.web import wording
from lti_tool.web.language import first_lower, short_day
from schemas.problem import N_


class HasCard(Protocol):
    """Somebody with a role."""

    @property
    def card(self) -> PersonCard:
        """Who it is."""


SORTS: Final[Mapping[Sort, str]] = {
    Sort.WAITS: N_("Waiting longest first"),
    Sort.MENTEE: N_("Mentee’s name"),
    Sort.MENTOR: N_("Mentor’s name"),
    Sort.LAST_MET: N_("Last met"),
    Sort.MEETINGS: N_("Meetings"),
}


def state(code: PairState, pairs: int = 1) -> str:
    """Where a pair is, or so many pairs are."""
    words = {
        PairState.PROPOSED: ngettext("Proposed", "Proposed", pairs),
        PairState.SIGN: _("To sign"),
        PairState.UNDER_WAY: _("Under way"),
        PairState.PAUSED: ngettext("Paused", "Paused", pairs),
        PairState.COMPLETE: ngettext("Complete", "Complete", pairs),
    }
    return words[code]


def state_of_pair(code: PairState, pair: PairLine) -> str:
    """Where one pair is, and until when it is on hold where that was said."""
    if code is PairState.PAUSED and pair.paused_until is not None:
        return _("Paused until %(day)s", day=short_day(pair.paused_until).replace(" ", "\u00a0"))
    return state(code)


def sort(code: str) -> str:
    """An order of the table."""
    return _(SORTS[Sort(code)])


def figure(code: str, count: int) -> str:
    """What a figure counts; ``code`` is empty for all pairs."""
    if code == "alone":
        return _("Without a partner")
    if code == "no_role":
        return _("No role yet")
    if code == "unopened":
        return _("Never opened")
    if code == "awaited":
        return _("Not in the course yet")
    if code == "out":
        return _("Not taking part")
    if code == "ended":
        return ngettext("Former", "Former", count)
    return state(PairState(code), count) if code else _("All pairs")


def age(since: dt.date | None, today: dt.date) -> str:
    """How long something has waited, in short: ``9 d``; empty on its first day."""
    days = (today - since).days if since is not None else 0
    return _("%(days)s d", days=days) if days > 0 else ""


def waiting_days(days: int) -> str:
    """The same in words: ``9 days``."""
    return ngettext("%(num)s day", "%(num)s days", days)


def waits(days: int | None) -> str:
    """How long something has waited: ``for 9 days``; ``today`` on its first day, empty where it is not known."""
    if days is None:
        return ""
    return ngettext("for %(num)s day", "for %(num)s days", days) if days else _("today")


def since_days(days: int) -> str:
    """For how long somebody has waited: ``waiting for 9 days``; ``waiting since today`` on the first day."""
    if days > 0:
        return ngettext("waiting for %(num)s day", "waiting for %(num)s days", days)
    return _("waiting since today")


def longest_waiting(days: int) -> str:
    """How long the one who has waited longest has, of several: ``up to 9 days``; ``today`` on the first day."""
    return ngettext("up to %(num)s day", "up to %(num)s days", days) if days else _("today")


def wait(found: Wait, today: dt.date) -> str:
    """What a pair waits for, and for how long."""
    since = age(found.since, today)
    if found.kind is WaitKind.SILENT:
        days = (today - found.since).days if found.since is not None else 0
        return ngettext("No meeting for %(num)s day", "No meeting for %(num)s days", days)
    words = _wait(found)
    # The time stays with its dot.
    return _("%(words)s ·\u00a0%(since)s", words=words, since=since) if since else words


def _wait(found: Wait) -> str:
    who = _first_names(found.who)
    match found.kind:
        case WaitKind.DIFFERS:
            return differs(found.session.dispute_reason if found.session else None)
        case WaitKind.GRADE:
            return _("; ").join(
                _(_GRADES.get(kind, _ANY_GRADE), name=wording.first_name_to_others(line.card))
                for line, kind in zip(found.who, found.grades, strict=True)
            )
        case WaitKind.PAUSE_OVER:
            return _("Go on, or pause longer?")
        case WaitKind.APPROVE:
            return _("Your approval")
        case WaitKind.SIGN:
            return ngettext("%(names)s to sign", "%(names)s to sign", len(found.who), names=who)
        case WaitKind.CONFIRM:
            return _("%(names)s to confirm", names=who)
    if len(found.who) == 2:
        return _("Both to accept")
    return _("%(names)s to accept", names=who)


_GRADES: Final[Mapping[str, str]] = {
    "grade_missing": N_("%(name)s: grade did not arrive"),
    "grade_removed": N_("%(name)s: grade deleted"),
    "grade_overridden": N_("%(name)s: different grade"),
}


_ANY_GRADE: Final = N_("%(name)s: grade to look at")

_DIFFERENCES: Final[Mapping[str, str]] = {
    "wrong-length": N_("Lengths differ"),
    "wrong-date": N_("Date disputed"),
    "did-not-meet": N_("One says they did not meet"),
}
_ANY_DIFFERENCE: Final = N_("Meeting disputed")


def differs(reason: str | None) -> str:
    """On what two people disagree."""
    return _(_DIFFERENCES.get(reason or "", _ANY_DIFFERENCE))


def _first_names(people: tuple[ParticipantLine, ...]) -> str:
    names = [wording.first_name_to_others(line.card) for line in people]
    return (
        _("%(mentee)s and %(mentor)s", mentee=names[0], mentor=names[1])
        if len(names) == 2
        else "".join(names)
    )


def declined(pair: DeclinedPair) -> str:
    """That one of the two said “not this time”, and why, as far as they gave a reason."""
    about = {
        "name": wording.person(pair.by.card),
        "partner": wording.person(pair.other.card),
        "day": short_day(pair.at.date()).replace(" ", "\u00a0"),
    }
    if pair.reason is None:
        return _("%(name)s said “not this time” to %(partner)s on %(day)s, without a reason", **about)
    reason = wording.word(wording.DECLINE_REASONS, pair.reason)
    return _("%(name)s said “not this time” to %(partner)s on %(day)s: “%(reason)s”", reason=reason, **about)


def ended(pair: EndedPair) -> str:
    """Why a pair has come to its end, as whoever ended it said."""
    return _("Its time was up") if pair.reason is None else wording.word(wording.END_REASONS, pair.reason)


def out(person: ParticipantLine | Newcomer) -> str:
    """Of somebody who takes no part: since when, and how that came about."""
    if isinstance(person, Newcomer):
        return _("will not take part")
    if person.taken_out_at is not None:
        words = _("taken out of the programme on %(day)s", day=_whole(person.taken_out_at))
        if person.progress.completed:
            words = _("%(words)s, after completing it", words=words)
        if person.taken_out_reason is None:
            return words
        return (
            f"{words} ·\u00a0{first_lower(wording.word(wording.TAKE_OUT_REASONS, person.taken_out_reason))}"
        )
    if person.refused_at is not None:
        return _("declined the invitation on %(day)s", day=_whole(person.refused_at))
    return _("not taking part")


def _whole(at: dt.datetime) -> str:
    return short_day(at.date()).replace(" ", "\u00a0")


def reminding(people: Sequence[ParticipantLine]) -> str:
    """What a button says that reminds one or both of a pair."""
    if len(people) == 2:
        return _("Remind both")
    return _("Remind %(name)s", name=wording.first_name_to_others(people[0].card))


def meetings(pair: PairLine) -> str:
    """How many meetings count, of how many: ``4/6``."""
    target = pair.target
    return f"{min(pair.counted, target)}/{target}" if target else str(pair.confirmed)


def meetings_aloud(pair: PairLine) -> str:
    """The same, to whoever hears it."""
    target = pair.target
    if target:
        value = min(pair.counted, target)
        if target == 1:
            return _("%(value)s of 1 meeting", value=value)
        return ngettext(
            "%(num)s of %(target)s meetings", "%(num)s of %(target)s meetings", value, target=target
        )
    return ngettext("%(num)s meeting", "%(num)s meetings", pair.confirmed)


def confirmed(meetings: int, uncounted: int) -> str:
    """How many meetings are confirmed, and how many of these the rule does not count."""
    words = ngettext("%(num)s meeting confirmed", "%(num)s meetings confirmed", meetings)
    if not uncounted:
        return words
    rest = ngettext("%(num)s does not count", "%(num)s do not count", uncounted)
    return _("%(confirmed)s, of which %(rest)s", confirmed=words, rest=rest)


def uncounted(meetings: int) -> str:
    """Of a pair, how many of its confirmed meetings the rule does not count."""
    return ngettext("%(num)s meeting does not count", "%(num)s meetings do not count", meetings)


def role(line: HasCard) -> str:
    """What somebody does in the programme, of whom no gender is known; of who has not answered, what they could."""
    if getattr(line, "status", None) == INVITED:
        return (
            _("invited to teach, no answer yet")
            if line.card.role == "mentor"
            else _("invited to learn, no answer yet")
        )
    return _("teaches") if line.card.role == "mentor" else _("learns")

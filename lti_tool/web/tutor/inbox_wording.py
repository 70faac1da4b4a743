"""The words of what needs a tutor: one line for each thing, with the names in bold and one action."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from lti_tool.mentoring.overview.cohort import ParticipantLine
from lti_tool.mentoring.overview.inbox import InboxLine, LineKind
from lti_tool.mentoring.roles import Role
from lti_tool.translation import gettext as _
from lti_tool.translation import ngettext
from lti_tool.web import wording
from lti_tool.web.language import number, short_day
from lti_tool.web.tutor import pair_wording


@dataclass(frozen=True)
class LineWords:
    """A line in words."""

    text: Markup
    action: str
    """What its button says; empty for one without."""
    about: str
    """Whom it is about, for those who hear the button alone."""


def words_of(line: InboxLine, to_remind: Sequence[ParticipantLine] = ()) -> LineWords:
    """A line in the current language. ``to_remind``: those whom its button reminds, if it does that."""
    about = joined_names(line.people[:2])
    if line.members:
        return LineWords(_folded(line), _folded_action(line, len(line.members)), "")
    return LineWords(
        _TEXTS[line.kind](line), pair_wording.reminding(to_remind) if to_remind else action_of(line), about
    )


def joined_names(people: tuple[ParticipantLine, ...]) -> str:
    """One name, or two with "and"."""
    names = [wording.person(line.card) for line in people]
    return (
        _("%(mentee)s and %(mentor)s", mentee=names[0], mentor=names[1])
        if len(names) == 2
        else "".join(names)
    )


def _filled(pattern: str, **params: object) -> Markup:
    """A translated pattern with its parameters escaped; names in bold."""
    return Markup(pattern) % {  # noqa: S704  # a text of the catalogue; what is filled in is escaped
        name: _bold(value) if isinstance(value, ParticipantLine) else value for name, value in params.items()
    }


def _bold(line: ParticipantLine) -> Markup:
    return Markup("<strong>{}</strong>").format(wording.person(line.card))


def _day(day: dt.date) -> str:
    """A date in a list, which stays on one line."""
    return short_day(day).replace(" ", "\u00a0")


def _alone(line: InboxLine) -> Markup:
    person = line.people[0]
    if person.card.role == Role.MENTEE:
        return _filled(_("%(person)s chose to learn and has no mentor yet"), person=person)
    return _filled(_("%(person)s offered to teach and has no mentee yet"), person=person)


def _partner_left(line: InboxLine) -> Markup:
    person, gone, kept = line.people[0], line.partner, line.pair.confirmed if line.pair else 0
    name = wording.person(gone.card) if gone is not None else ""
    if person.card.role == Role.MENTEE:
        text = _filled(_("%(person)s has no mentor: %(gone)s left the course"), person=person, gone=name)
    else:
        text = _filled(_("%(person)s has no mentee: %(gone)s left the course"), person=person, gone=name)
    if not kept:
        return text + _("; they had not met")
    return text + ngettext("; their meeting is kept", "; their %(num)s meetings are kept", kept)


def _to_approve(line: InboxLine) -> Markup:
    return _filled(_("%(person)s has done everything: only your approval is missing"), person=line.people[0])


def _to_confirm(line: InboxLine) -> Markup:
    pattern = ngettext(
        "%(person)s says that an objective is reached: it is waiting for you to confirm it",
        "%(person)s says that %(num)s objectives are reached: they are waiting for you to confirm them",
        line.count,
        person="%(person)s",
    )
    return _filled(pattern, person=line.people[0])


def _duplicated(line: InboxLine) -> Markup:
    copy = line.copy
    if copy is None or copy.title is None:
        text = _filled(_("A duplicate of this activity is waiting for you to choose its group."))
    else:
        title = Markup("<strong>{}</strong>").format(copy.title)
        text = _filled(
            _(
                "The activity “%(title)s” is a duplicate of this one, and is waiting for you to choose its group."
            ),
            title=title,
        )
    if copy is not None and not copy.is_here:
        text += " " + _("Open it in its own course to answer.")
    return text


def _grade_missing(line: InboxLine) -> Markup:
    words = line.grade.words if line.grade else ""
    return _filled(_("%(person)s: the grade did not arrive. %(words)s"), person=line.people[0], words=words)


def _grade_removed(line: InboxLine) -> Markup:
    return _filled(
        _(
            "%(person)s’s grade was deleted twice from the gradebook, so it will not be sent again automatically."
        ),
        person=line.people[0],
    )


def _grade_overridden(line: InboxLine) -> Markup:
    words = line.grade.words if line.grade else ""
    return _filled(
        _("%(person)s’s grade is not the one that was sent. %(words)s"), person=line.people[0], words=words
    )


def _not_accepted(line: InboxLine) -> Markup:
    if len(line.people) == 2:
        return _filled(
            _("%(mentee)s and %(mentor)s have not answered the proposal"),
            mentee=line.people[0],
            mentor=line.people[1],
        )
    return _filled(
        _("%(person)s has not answered the proposal; %(partner)s said yes"),
        person=line.people[0],
        partner=_name(line.partner),
    )


def _unsigned(line: InboxLine) -> Markup:
    if len(line.people) == 2:
        return _filled(
            _("%(mentee)s and %(mentor)s have not signed the agreement"),
            mentee=line.people[0],
            mentor=line.people[1],
        )
    return _filled(
        _("%(person)s has not signed the agreement; %(partner)s signed on %(day)s"),
        person=line.people[0],
        partner=_name(line.partner),
        day=_day(line.since) if line.since else "",
    )


def _unconfirmed(line: InboxLine) -> Markup:
    return _filled(
        _("%(person)s has not confirmed the meeting of %(day)s"),
        person=line.people[0],
        day=_day(line.session.held_on) if line.session else "",
    )


def _differs(line: InboxLine) -> Markup:
    mentee, mentor = line.people
    session = line.session
    day = _day(session.held_on) if session else ""
    reason = session.dispute_reason if session else None
    patterns = {
        "wrong-length": _("%(mentee)s and %(mentor)s give different lengths for %(day)s"),
        "wrong-date": _("%(mentee)s and %(mentor)s disagree on the date of the meeting logged for %(day)s"),
        "did-not-meet": _("%(mentee)s and %(mentor)s disagree about whether they met on %(day)s"),
    }
    pattern = patterns.get(reason or "", _("%(mentee)s and %(mentor)s disagree about the meeting of %(day)s"))
    return _filled(pattern, mentee=mentee, mentor=mentor, day=day)


def _silent(line: InboxLine) -> Markup:
    mentee, mentor = line.people
    if line.pair is not None and line.pair.last_held_on is None:
        return _filled(
            _("%(mentee)s and %(mentor)s have not met since they signed"), mentee=mentee, mentor=mentor
        )
    day = _day(line.since) if line.since else ""
    return _filled(
        _("%(mentee)s and %(mentor)s have not met since %(day)s"), mentee=mentee, mentor=mentor, day=day
    )


def _invited(line: InboxLine) -> Markup:
    return _filled(_("%(person)s was invited and has not answered"), person=line.people[0])


def _pause_over(line: InboxLine) -> Markup:
    mentee, mentor = line.people
    day = short_day(line.since) if line.since else ""
    return _filled(
        _("%(mentee)s and %(mentor)s were due to pause until %(day)s"), mentee=mentee, mentor=mentor, day=day
    )


def _refused(line: InboxLine) -> Markup:
    return _filled(_("%(person)s will not take part"), person=line.people[0])


def _name(line: ParticipantLine | None) -> str:
    return wording.person(line.card) if line is not None else ""


_TEXTS: Final[Mapping[LineKind, Callable[[InboxLine], Markup]]] = {
    LineKind.ALONE: _alone,
    LineKind.PARTNER_LEFT: _partner_left,
    LineKind.TO_APPROVE: _to_approve,
    LineKind.TO_CONFIRM: _to_confirm,
    LineKind.DUPLICATED: _duplicated,
    LineKind.GRADE_MISSING: _grade_missing,
    LineKind.GRADE_REMOVED: _grade_removed,
    LineKind.GRADE_OVERRIDDEN: _grade_overridden,
    LineKind.NOT_ACCEPTED: _not_accepted,
    LineKind.UNSIGNED: _unsigned,
    LineKind.UNCONFIRMED: _unconfirmed,
    LineKind.DIFFERS: _differs,
    LineKind.SILENT: _silent,
    LineKind.PAUSE_OVER: _pause_over,
    LineKind.REFUSED: _refused,
    LineKind.INVITED: _invited,
}


def action_of(line: InboxLine) -> str:
    """What the button of a line does."""
    match line.kind:
        case LineKind.ALONE | LineKind.PARTNER_LEFT:
            is_mentee = line.people[0].card.role == Role.MENTEE
            return _("Choose a mentor") if is_mentee else _("Choose a mentee")
        case LineKind.TO_APPROVE:
            return _("Approve")
        case LineKind.TO_CONFIRM:
            return ngettext("See the objective", "See the objectives", line.count)
        case LineKind.DUPLICATED:
            return _("Choose the group") if line.copy is not None and line.copy.is_here else ""
        case LineKind.GRADE_MISSING | LineKind.GRADE_REMOVED:
            is_in_vain = line.grade is not None and not line.grade.can_arrive
            return _("Try again") if is_in_vain else _("Send the grade again")
        case LineKind.GRADE_OVERRIDDEN:
            return _("Mark as read")
        case LineKind.DIFFERS | LineKind.SILENT:
            return _("Write to both")
        case LineKind.INVITED:
            return _("Copy an invitation")
        case LineKind.REFUSED:
            return _("Mark as read")
        case LineKind.PAUSE_OVER:
            return _("Resume this pair")
    if len(line.people) == 2:
        return _("Write to both")
    return _("Write to %(name)s", name=wording.first_name_to_others(line.people[0].card))


def _folded(line: InboxLine) -> Markup:
    count = len(line.members)
    texts: dict[LineKind, Callable[[], str]] = {
        LineKind.ALONE: lambda: ngettext(
            "%(num)s person is waiting for a partner",
            "%(num)s people are waiting for a partner",
            count,
        ),
        LineKind.PARTNER_LEFT: lambda: ngettext(
            "%(num)s person’s partner left the course", "%(num)s people’s partners left the course", count
        ),
        LineKind.TO_APPROVE: lambda: ngettext(
            "%(num)s journey is waiting for your approval",
            "%(num)s journeys are waiting for your approval",
            count,
        ),
        LineKind.TO_CONFIRM: lambda: ngettext(
            "%(num)s objective is waiting for you to confirm it",
            "%(num)s objectives are waiting for you to confirm them",
            sum(member.count for member in line.members),
        ),
        LineKind.DUPLICATED: lambda: ngettext(
            "%(num)s duplicate of this activity is waiting for your answer",
            "%(num)s duplicates of this activity are waiting for your answer",
            count,
        ),
        LineKind.GRADE_MISSING: lambda: ngettext(
            "%(num)s grade did not arrive", "%(num)s grades did not arrive", count
        ),
        LineKind.GRADE_REMOVED: lambda: ngettext(
            "%(num)s grade was deleted twice from the gradebook, so it will not be sent again automatically",
            "%(num)s grades were deleted twice from the gradebook, so they will not be sent again automatically",
            count,
        ),
        LineKind.GRADE_OVERRIDDEN: lambda: ngettext(
            "%(num)s grade is not the one that was sent",
            "%(num)s grades are not the ones that were sent",
            count,
        ),
        LineKind.NOT_ACCEPTED: lambda: ngettext(
            "%(num)s proposal is waiting for an answer", "%(num)s proposals are waiting for an answer", count
        ),
        LineKind.UNSIGNED: lambda: ngettext(
            "%(num)s agreement is not signed", "%(num)s agreements are not signed", count
        ),
        LineKind.UNCONFIRMED: lambda: ngettext(
            "%(num)s meeting is not confirmed", "%(num)s meetings are not confirmed", count
        ),
        LineKind.DIFFERS: lambda: ngettext(
            "%(num)s pair disagrees about a meeting", "%(num)s pairs disagree about a meeting", count
        ),
        LineKind.SILENT: lambda: ngettext(
            "%(num)s pair has not met for a month", "%(num)s pairs have not met for a month", count
        ),
        LineKind.PAUSE_OVER: lambda: ngettext(
            "%(num)s pause was due to end", "%(num)s pauses were due to end", count
        ),
        LineKind.REFUSED: lambda: ngettext(
            "%(num)s person will not take part", "%(num)s people will not take part", count
        ),
        LineKind.INVITED: lambda: ngettext(
            "%(num)s person was invited and has not answered",
            "%(num)s people were invited and have not answered",
            count,
        ),
    }
    return Markup("<strong>{}</strong>").format(texts[line.kind]()) if line.kind in texts else Markup("")


def _folded_action(line: InboxLine, members: int) -> str:
    match line.kind:
        case LineKind.ALONE:
            return _("See all %(count)s", count=number(members))
        case (
            LineKind.NOT_ACCEPTED
            | LineKind.UNSIGNED
            | LineKind.UNCONFIRMED
            | LineKind.DIFFERS
            | LineKind.SILENT
        ):
            return _("Write to them all")
        case LineKind.TO_CONFIRM:
            return _("See the objectives")
        case LineKind.INVITED:
            return _("Copy an invitation")
    return _("See each of them")

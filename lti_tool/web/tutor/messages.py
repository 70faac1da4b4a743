"""Ready messages: a text that the tutor copies into an e-mail or a chat. Nothing is sent from here."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from flask import Blueprint, abort, g, render_template, request
from flask.typing import ResponseReturnValue

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.enrolment.people.matching import KnownAwaited
from lti_tool.mentoring.enrolment.people.queries import awaited_people
from lti_tool.mentoring.overview.cohort import CohortOverview, Newcomer, PairLine, ParticipantLine
from lti_tool.mentoring.overview.inbox import InboxLine, LineKind, inbox
from lti_tool.mentoring.overview.pair_rows import rows_of, to_remind, wait_of
from lti_tool.mentoring.overview.queries import addresses_of, overview_of
from lti_tool.translation import current_language, ngettext
from lti_tool.translation import gettext as _
from lti_tool.web import wording
from lti_tool.web.access import allows, cohort_of_launch, is_allowed
from lti_tool.web.activity import current_placement
from lti_tool.web.language import day
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.services import reading
from lti_tool.web.tutor import pair_wording
from schemas.display import read_query

blueprint = Blueprint("messages", __name__, url_prefix="/l/<launch_key>/cohort/message")

LONGEST_MAIL_ADDRESS: Final = 2000
"""Characters; some mail programs cut what is longer."""

CHARACTERS_A_ROW: Final = 62
"""Of the box for the text, about."""

_KINDS = tuple(str(kind) for kind in LineKind)


@dataclass(frozen=True)
class Reminder:
    """The button beside a message that puts a notice on the pages of those to whom it would go."""

    address: str
    label: str


@blueprint.get("/pair/<uuid:pair_id>/<about>")
@allows(Action.VIEW_COHORT, about=cohort_of_launch)
def show(pair_id: uuid.UUID, about: str) -> ResponseReturnValue:
    """A message to one or both of a pair; ``about``: a code of :class:`LineKind`, or ``both``."""
    overview = _overview()
    pair = next((each for each in overview.pairs if each.id == pair_id), None) or abort(404)
    wait = wait_of(pair, utcnow().date(), {})
    of_one = about in (LineKind.NOT_ACCEPTED, LineKind.UNSIGNED, LineKind.UNCONFIRMED)
    people = wait.who if of_one and wait is not None else pair.both
    if about not in (*_KINDS, "both"):
        abort(404)
    to_be_reminded = to_remind(pair, wait, utcnow())
    reminder = (
        Reminder(
            launch_url_for("tutor_reminders.remind", pair_id=pair.id), pair_wording.reminding(to_be_reminded)
        )
        if to_be_reminded
        else None
    )
    return _page(
        people,
        _greeting(people) + _text(about, overview, pair) + _place() + _ending(overview),
        _subject(about, overview),
        reminder,
    )


@blueprint.get("/person/<uuid:participant_id>")
@allows(Action.VIEW_COHORT, about=cohort_of_launch)
def to_one(participant_id: uuid.UUID) -> ResponseReturnValue:
    """A message to one participant: about their search for a partner, or about nothing in particular."""
    overview = _overview()
    line = next((each for each in overview.participants if each.id == participant_id), None) or abort(404)
    title = _title(overview)
    text = (
        _(
            "You are taking part in “%(title)s” and waiting for a partner. Is there anything I should know to help me "
            "choose well?",
            title=title,
        )
        if line in overview.waiting_for_a_pair
        else _text("one", overview, None)
    )
    return _page((line,), _greeting((line,)) + text + _place() + _ending(overview), title, None)


@blueprint.get("/all/<about>")
@allows(Action.VIEW_COHORT, about=cohort_of_launch)
def to_all(about: str) -> ResponseReturnValue:
    """The same message to everybody whom a folded line is about."""
    if about not in _KINDS:
        abort(404)
    overview, now = _overview(), utcnow()
    today = now.date()
    lines = [line for line in inbox(overview, rows_of(overview, today, {}), (), today) if line.kind == about]
    due = {person.id: person for line in lines for person in line.to_remind(now)}
    label = (
        pair_wording.reminding(tuple(due.values()))
        if len(due) == 1
        else ngettext("Remind %(num)s person", "Remind %(num)s people", len(due))
    )
    reminder = Reminder(launch_url_for("tutor_reminders.remind_all", about=about), label) if due else None
    people = _people(lines)
    greeting = _greeting(people) if len(people) == 1 else _("Hello,") + "\n\n"
    return _page(
        people,
        greeting + _text(about, overview, None) + _place() + _ending(overview),
        _subject(about, overview),
        reminder,
    )


@blueprint.get("/invitation")
@allows(Action.PAIR_PEOPLE, about=cohort_of_launch)
def invitation() -> ResponseReturnValue:
    """The invitation of people without a role: of ``?person=``, of those whom lists have named, or of all of them."""
    overview = _overview()
    query = read_query(request.args.to_dict() | {"partner_for": request.args.get("person", "")})
    wanted, of_lists = query["partner_for"], query["whom"] == "listed"
    invited = [line for line in overview.waiting_for_a_pair if line.status == "invited"]
    everybody: list[Newcomer | ParticipantLine] = [*(() if of_lists else overview.newcomers), *invited]
    with reading() as db:
        awaited = awaited_people(db, (current_placement() or abort(404)).cohort_id) if of_lists else []
    people = [each for each in everybody if wanted in (None, each.person_id)]
    refused = next((line for line in overview.refused if line.person_id == wanted), None)
    if refused is not None:
        return _to_refused(overview, refused)
    names = [each.card.name or _("Somebody without a name") for each in people]
    text = (
        _("Hello,")
        + "\n\n"
        + _(
            "You are invited to join our reverse mentoring programme, “%(title)s”: colleagues early in their careers "
            "share what they know with more experienced colleagues, and learn from them in turn. To take part, open "
            "the activity “%(activity)s” in the course “%(course)s” and choose whether you would like to learn or to "
            "teach. Nothing starts until you say yes.",
            title=_title(overview),
            activity=g.launch.resource_link.title or _("Reverse mentoring"),
            course=g.launch.course.title or "",
        )
        + _ending(overview)
    )
    ids = [each.person_id for each in people]
    subject = _("Invitation: reverse mentoring, %(title)s", title=_title(overview))
    return _render(subject, names, text, _("Invitation text"), ids, awaited=awaited)


def _to_refused(overview: CohortOverview, line: ParticipantLine) -> ResponseReturnValue:
    """A message to somebody who has declined the invitation, and may still say yes."""
    text = _(
        "You have chosen not to take part in “%(title)s”, and that is fine. Should you change your mind, open the "
        "activity: you can still say yes there.",
        title=_title(overview),
    )
    return _page((line,), _greeting((line,)) + text + _place() + _ending(overview), _title(overview), None)


def _overview() -> CohortOverview:
    placement = current_placement() or abort(404)
    with reading() as db:
        return overview_of(db, placement.cohort_id)


def _people(lines: Sequence[InboxLine]) -> tuple[ParticipantLine, ...]:
    found = {person.id: person for line in lines for person in line.people}
    return tuple(found.values())


def _page(
    people: Sequence[ParticipantLine], text: str, subject: str, reminder: Reminder | None
) -> ResponseReturnValue:
    names, ids = [wording.person(line.card) for line in people], [line.person_id for line in people]
    several = ngettext("A message for %(num)s person", "A message for %(num)s people", len(people))
    heading = several if len(people) > 2 else _("A message to copy")
    return _render(subject, names, text, heading, ids, reminder)


def _render(
    subject: str,
    names: Sequence[str],
    text: str,
    heading: str,
    person_ids: Sequence[uuid.UUID],
    reminder: Reminder | None = None,
    awaited: Sequence[KnownAwaited] = (),
) -> ResponseReturnValue:
    """``names`` and ``person_ids``: of the same people, in the same order. ``awaited``: who is not there yet.

    What the platform gave as somebody's address is shown to tutors of the group alone: an owner may invite, too.
    """
    may_see = is_allowed(Action.VIEW_COHORT, cohort_of_launch())
    with reading() as db:
        found = addresses_of(db, person_ids) if may_see else {}
    addresses = [found[person_id] for person_id in person_ids if person_id in found]
    addresses += [each.email for each in awaited if each.email]
    called = [
        (each.name or each.email or each.user_name or each.user_id or "", each.email) for each in awaited
    ]
    return render_template(
        "tutor/message.html",
        heading=heading,
        names=[*names, *(name for name, _email in called)],
        addresses=addresses,
        without_address=[
            *(
                name
                for name, person_id in zip(names, person_ids, strict=True)
                if may_see and person_id not in found
            ),
            *(name for name, email in called if not email),
        ],
        subject=subject,
        mail=(_mail_address(addresses, subject, text) or _mail_address((), subject, text))
        if addresses
        else None,
        text=text,
        rows=1 + sum(1 + len(line) // CHARACTERS_A_ROW for line in text.splitlines()),
        reminder=reminder,
        course_title=g.launch.course.title,
    )


def _mail_address(addresses: Sequence[str], subject: str, text: str) -> str | None:
    """A ``mailto:`` address (RFC 6068), several people in its Bcc so that none sees the others' addresses.

    Without addresses the mail program asks to whom it goes. None where it would be longer than what every mail program
    takes.
    """
    quoted = [quote(each, safe="@") for each in addresses]
    to = quoted[0] if len(quoted) == 1 else ""
    hidden = f"bcc={','.join(quoted)}&" if len(quoted) > 1 else ""
    body = quote(text.replace("\n", "\r\n"), safe="")
    made = f"mailto:{to}?{hidden}subject={quote(subject, safe='')}&body={body}"
    return made if len(made) <= LONGEST_MAIL_ADDRESS else None


def _greeting(people: Sequence[ParticipantLine]) -> str:
    names = [wording.first_name_to_others(line.card) for line in people]
    if len(names) == 2:
        return _("Hello %(first)s, hello %(second)s,", first=names[0], second=names[1]) + "\n\n"
    return (_("Hello %(name)s,", name=names[0]) if names else _("Hello,")) + "\n\n"


def _text(about: str, overview: CohortOverview, pair: PairLine | None) -> str:
    """What a message says, to one or to several people."""
    title = _title(overview)
    match about:
        case LineKind.NOT_ACCEPTED:
            return _(
                "A partner has been proposed to you in “%(title)s”. Open the activity to see who it is, and say yes or "
                "“not this time”: both are fine, and nobody asks why.",
                title=title,
            )
        case LineKind.UNSIGNED:
            return _(
                "Your pair’s agreement in “%(title)s” is waiting for your signature: open the activity to sign it. "
                "It is short, and you can log your meetings once you have both signed.",
                title=title,
            )
        case LineKind.UNCONFIRMED:
            return _(
                "Your partner has logged a meeting in “%(title)s”. Open the activity to confirm it, or to say what was "
                "different: it takes one tap.",
                title=title,
            )
        case LineKind.DIFFERS:
            return _(
                "The two of you have logged a meeting differently in “%(title)s”. Could you agree on it in the "
                "activity? Either of you can put it right there.",
                title=title,
            )
        case LineKind.SILENT if pair is not None and pair.last_held_on is not None:
            return _(
                "Your last meeting in “%(title)s” was on %(day)s. Is a new date in sight, or is something in the way? "
                "You can pause at any time, and ending a pair is nobody’s fault.",
                title=title,
                day=day(pair.last_held_on),
            )
        case LineKind.SILENT:
            return _(
                "You have not met in “%(title)s” for a while. Is a new date in sight, or is something in the way? "
                "You can pause at any time, and ending a pair is nobody’s fault.",
                title=title,
            )
    return _("How is it going in “%(title)s”? Is there anything I can do for you?", title=title)


def _place() -> str:
    """Where the activity is, which a message cannot link to; empty where the platform has not named the course."""
    course, activity = g.launch.course.title, g.launch.resource_link.title or _("Reverse mentoring")
    if not course:
        return ""
    return "\n\n" + _(
        "You will find the programme under “%(activity)s” in the course “%(course)s”.",
        activity=activity,
        course=course,
    )


def _subject(about: str, overview: CohortOverview) -> str:
    """What a message is about, as its subject says it."""
    title = _title(overview)
    match about:
        case LineKind.NOT_ACCEPTED:
            return _("%(title)s: a partner for you", title=title)
        case LineKind.UNSIGNED:
            return _("%(title)s: your agreement to sign", title=title)
        case LineKind.UNCONFIRMED:
            return _("%(title)s: a meeting to confirm", title=title)
        case LineKind.DIFFERS:
            return _("%(title)s: a meeting to agree on", title=title)
        case LineKind.SILENT:
            return _("%(title)s: your next meeting", title=title)
    return title


def _ending(overview: CohortOverview) -> str:
    return "\n\n" + _("Thank you,") + "\n" + (overview.tutors[0] if len(overview.tutors) == 1 else "")


def _title(overview: CohortOverview) -> str:
    return overview.title.get(current_language()) or overview.title.get("en", "")

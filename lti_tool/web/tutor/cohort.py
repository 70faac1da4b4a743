"""The tutor's page: who is here, who is with whom, how far each is; and what only a tutor decides.

It keeps itself up to date: the browser asks every second and a half with the ETag of what it shows, and is answered 304
until an event of the cohort, or a reading of its courses' rosters, changes it.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.composition.copied_group import copied_activity
from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.lti.ags.grade_queries import Grade, state_of
from lti_tool.lti.nrps.read_roster_job import (
    RosterStatus,
    may_be_due,
    request_roster,
    request_rosters,
    roster_is_due,
    roster_status,
)
from lti_tool.lti.platforms import platform_of
from lti_tool.mentoring.completion import actions as completion
from lti_tool.mentoring.enrolment.people.queries import awaited_elsewhere
from lti_tool.mentoring.enrolment.queries import participant
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.overview.actions import leave_as_it_is
from lti_tool.mentoring.overview.cohort import CohortOverview, ParticipantLine
from lti_tool.mentoring.overview.inbox import LineKind, WaitingCopy
from lti_tool.mentoring.overview.queries import ended_pairs_of, meetings_of, overview_of
from lti_tool.mentoring.programmes.actions import IsDuplicate, NothingChosen
from lti_tool.mentoring.programmes.models import CohortKind
from lti_tool.mentoring.programmes.queries import PlacementRecord, courses_of_cohort
from lti_tool.translation import current_language
from lti_tool.translation import gettext as _
from lti_tool.web import new_choice
from lti_tool.web.access import allows, check, cohort_of_launch, is_allowed
from lti_tool.web.activity import current_activity, current_placement
from lti_tool.web.forms.bound import Values, sent_form
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import launch_url_for, polled
from lti_tool.web.refusal_wording import refusal
from lti_tool.web.services import current_principal, reading, transaction
from lti_tool.web.tutor import cohort_wording, line_items, pair_page, pair_wording
from lti_tool.web.tutor.cohort_view import table_of, view_of
from lti_tool.web.tutor.grades import grades_of_cohort, request_stale, state_of_cohorts_grades
from lti_tool.web.tutor.opening import choice_page, duplicate_page, open_activity
from lti_tool.web.tutor.waiting_copies import state_and_copies, waiting_copies
from schemas.display import read_cohort_query
from schemas.form_schema import FormSchema
from schemas.problem import ShapeError
from schemas.tutor_forms import ReopenForm, ResendGradeForm, TutorValidationForm

PEOPLE_LISTED = 200
"""So many people are listed at most where a list stands in place of the table."""

blueprint = Blueprint("cohort", __name__, url_prefix="/l/<launch_key>/cohort")


def page(refused: str | None = None) -> ResponseReturnValue:
    """The whole page. ``refused``: why a button of it had no effect, in words.

    The first tutor who opens the activity opens its cohort.
    """
    launch = g.launch
    try:
        placement = open_placement_here()
    except IsDuplicate as duplicate:
        return duplicate_page(duplicate.original)
    except NothingChosen:
        # Who is in the course is then known when they have chosen.
        _request_roster()
        return choice_page()
    chosen = new_choice.applied_here()
    placement = current_placement() or placement
    check(Action.VIEW_COHORT, cohort_of_launch())
    _request_roster()
    activity = current_activity()
    if activity is not None and activity.is_draft:
        return redirect(launch_url_for("programme.tasks"))
    query = read_cohort_query(request.args.to_dict())
    shown = _shown(placement, query)
    request_stale(shown["grades"])
    lms = platform_of(launch.registration.issuer, launch.registration.platform_family)
    return render_template(
        "tutor/cohort.html",
        **shown,
        course_title=launch.course.title,
        line_item=line_items.notice(lms),
        chosen=chosen,
        refused=refused,
        unpublished_hint=lms.unpublished_hint.text
        if lms.unpublished_hint and not shown["view"].overview.participants
        else None,
        done=flash_message(),
        undo_for=_left_as_it_is(shown["view"].overview, query["left"]),
    )


def _left_as_it_is(overview: CohortOverview, asked: uuid.UUID | None) -> uuid.UUID | None:
    """The participant of whom the tutor has just left something as it is, which can then be undone."""
    if asked is None:
        return None
    return next(
        (line.id for line in overview.participants if line.id == asked and line.left_as_it_is is not None),
        None,
    )


def open_placement_here() -> PlacementRecord:
    """What the activity of the launch opens; opened now when it is not yet.

    Raises :class:`IsDuplicate` and :class:`NothingChosen`.
    """
    placement = current_placement()
    if placement is not None:
        return placement
    with transaction() as db:
        return open_activity(db)


def _request_roster() -> None:
    """Have the roster read when it is due. The page shows what is known, and the rest by itself once it is read."""
    now = utcnow()
    if not may_be_due(g.launch.course, now):
        return
    with reading() as db:
        if not roster_is_due(db, g.launch.course_id, now):
            return
    with transaction() as db:
        request_roster(db, g.launch.course_id, current_principal())


@dataclass(frozen=True)
class Version:
    """What the ETag of the page is made from besides its grades, and the tag."""

    roster: RosterStatus
    copies: Sequence[WaitingCopy]
    etag: str


def _shown(
    placement: PlacementRecord, query: Mapping[str, Any], version: Version | None = None
) -> dict[str, Any]:
    """What the page shows, and its ETag, by the names that its templates use. ``version``: where it was read before."""
    now = utcnow()
    today = now.date()
    with reading() as db:
        # What the tag is made of comes first: what happens in between is then shown, and asked for once more, instead
        # of missed.
        grades = grades_of_cohort(db, placement.cohort_id)
        overview = None
        if version is None:
            roster = roster_status(db, courses_of_cohort(placement.cohort_id))
            copies = waiting_copies(db, placement.cohort_id, g.launch.course_id)
            overview = overview_of(db, placement.cohort_id)
            etag = _etag(placement, overview.state, roster, copies, state_of(grades), query)
            version = Version(roster, copies, etag)
        overview = overview or overview_of(db, placement.cohort_id)
        table = table_of(overview, grades, version.copies, query, today)
        meetings = meetings_of(db, [row.pair.id for row in table.rows])
        is_asked_who_comes = query["state"] == "awaited"
        awaited = awaited_elsewhere(db, placement.cohort_id, PEOPLE_LISTED) if is_asked_who_comes else []
        ended = ended_pairs_of(db, placement.cohort_id) if query["state"] == "ended" else []
        original = (
            copied_activity(db, placement.cohort_id) if overview.is_copy and not overview.pairs else None
        )
        panel = pair_page.panel_of(db, overview, grades, query["pair"]) if query["pair"] else None
    return {
        "view": view_of(overview, table, meetings, query, now, awaited=awaited, ended=ended),
        "people_listed": PEOPLE_LISTED,
        "original": original,
        "roster": version.roster,
        "grades": grades,
        "gradebook_note": _gradebook_note(),
        "sent_once_more": _sent_once_more(overview, grades),
        "etag": version.etag,
        "panel": panel,
        "can_scale": overview.kind == CohortKind.PILOT
        and is_allowed(Action.CLONE_COHORT, cohort_of_launch()),
        "pair_words": pair_wording,
        "cohort_words": cohort_wording,
    }


def _version(db: Session, placement: PlacementRecord, graded: str, query: Mapping[str, Any]) -> Version:
    """``graded``: the state of the cohort's grades.

    The tag changes with every event of the cohort, with its rosters and grades, with the duplicates that wait, with the
    day, since what waits grows older, with what is asked for, and with the language. Who has left shows
    in the rosters: somebody leaves by a reading alone, and whoever comes back makes one fewer who is gone.
    """
    cohort_id = placement.cohort_id
    roster = roster_status(db, courses_of_cohort(cohort_id))
    state, copies = state_and_copies(db, cohort_id, g.launch.course_id)
    return Version(roster, copies, _etag(placement, state, roster, copies, graded, query))


def _etag(
    placement: PlacementRecord,
    state: tuple[int, int] | None,
    roster: RosterStatus,
    copies: Sequence[WaitingCopy],
    graded: str,
    query: Mapping[str, Any],
) -> str:
    """``state``: of the cohort's events."""
    asked = sorted((name, str(value)) for name, value in query.items() if value)
    waiting = [(str(copy.link_id), copy.title) for copy in copies]
    seed = f"{placement.cohort_id} {state} {roster} {waiting} {graded} {current_language()} {utcnow().date()} {asked}"
    return f'"{hashlib.sha256(seed.encode()).hexdigest()[:20]}"'


def _placement() -> PlacementRecord:
    return current_placement() or abort(404)


@blueprint.get("/live")
@polled
@allows(Action.VIEW_COHORT, about=cohort_of_launch)
def live() -> ResponseReturnValue:
    """The part of the page that changes by itself; 304 when it has not."""
    placement, query = _placement(), read_cohort_query(request.args.to_dict())
    with reading() as db:
        version = _version(db, placement, state_of_cohorts_grades(db, placement.cohort_id), query)
    if request.headers.get("If-None-Match") == version.etag:
        return _tagged(Response(status=304), version.etag)
    shown = _shown(placement, query, version)
    return _tagged(make_response(render_template("tutor/_live.html", **shown)), version.etag)


def _gradebook_note() -> str | None:
    """What the platform of the launch is told of grades, where that is not all there is."""
    registration = g.launch.registration
    note = platform_of(registration.issuer, registration.platform_family).only_final_grades_note
    return None if note is None else note.text


def _sent_once_more(overview: CohortOverview, grades: Sequence[Grade]) -> list[ParticipantLine]:
    """Whose grade was deleted in the gradebook and sent once more, of the group's people."""
    returned = {grade.person_id for grade in grades if grade.came_back}
    return [line for line in overview.participants if line.person_id in returned] if returned else []


def _tagged(response: Response, etag: str) -> Response:
    response.headers["ETag"] = etag
    return response


@blueprint.post("/roster")
@allows(Action.READ_ROSTER_NOW, about=cohort_of_launch)
def read_roster_now() -> ResponseReturnValue:
    """Have the rosters of the cohort's courses read, however old they are."""
    courses, principal = courses_of_cohort(_placement().cohort_id), current_principal()

    def save(db: Session, _values: Values) -> None:
        request_rosters(db, set(db.scalars(courses)), principal)

    return sent_form(FormSchema()).submit(save, then=launch_url_for("home.home"))


@blueprint.post("/refusals")
@allows(Action.PAIR_PEOPLE, about=cohort_of_launch)
def note_refusal() -> ResponseReturnValue:
    """The tutor knows that somebody does not take part: it asks for nothing any more."""

    def save(db: Session, values: Values) -> None:
        participant_id, now = _participant(db, values["participant_id"]), utcnow()
        found = participant(db, participant_id)
        if found is not None and found.refused_at is not None:
            kind, fact_at = str(LineKind.REFUSED), found.refused_at
            leave_as_it_is(db, participant_id=participant_id, kind=kind, fact_at=fact_at, now=now)

    return sent_form(ResendGradeForm()).submit(save, then=launch_url_for("home.home"), done="refusal_noted")


@blueprint.post("/validate")
@allows(Action.APPROVE_COMPLETION, about=cohort_of_launch)
def validate() -> ResponseReturnValue:
    """Approve what a participant did."""

    def save(db: Session, values: Values) -> None:
        participant_id = _participant(db, values["participant_id"])
        completion.validate_participant(db, participant_id=participant_id, now=utcnow())

    def submit() -> ResponseReturnValue:
        form = sent_form(TutorValidationForm())
        return form.submit(save, then=launch_url_for("home.home"), done="validated")

    return _or_group_again(
        submit,
        _("Nothing was approved: it was not clear whose journey you meant. Press “Approve” beside a name."),
    )


def _or_group_again(submit: Callable[[], ResponseReturnValue], missing: str) -> ResponseReturnValue:
    """What ``submit`` answers; where it has no effect, the page again, which says why.

    Whoever does not see the page, as an owner who does not teach, gets the usual page of an error. ``missing``: what to
    say where the form does not say, or not rightly, about whom it is.
    """
    try:
        return submit()
    except ShapeError:
        if not cohort_of_launch().teaches:
            raise
        status, why = 422, missing
    except NotAllowed as refused:
        if not cohort_of_launch().teaches:
            raise
        status, why = 409, refusal(refused.code)
    shown = make_response(page(why))
    if shown.status_code == 200:
        shown.status_code = status
    return shown


@blueprint.post("/approval")
@allows(Action.APPROVE_COMPLETION, about=cohort_of_launch)
def take_approval_back() -> ResponseReturnValue:
    """Take back the approval of a participant whom it has not completed."""

    def save(db: Session, values: Values) -> None:
        participant_id = _participant(db, values["participant_id"])
        completion.take_approval_back(db, participant_id=participant_id, now=utcnow())

    return sent_form(ResendGradeForm()).submit(
        save, then=launch_url_for("home.home"), done="approval_taken_back"
    )


@blueprint.post("/reopen")
@allows(Action.REOPEN_COMPLETION, about=cohort_of_launch)
def reopen() -> ResponseReturnValue:
    """Reopen a completion, and say why."""
    form = sent_form(ReopenForm(), id="reopen")

    def save(db: Session, values: Values) -> None:
        participant_id = _participant(db, values["participant_id"])
        completion.reopen(db, participant_id=participant_id, reason=values["reason"], now=utcnow())

    # The page says how far the person's meetings are, which an owner need not be allowed to see.
    show = pair_page.person_again if "participant_id" in form.given and cohort_of_launch().teaches else None

    def submit() -> ResponseReturnValue:
        return form.submit(save, then=launch_url_for("home.home"), done="reopened", show=show)

    return _or_group_again(submit, _("Choose whose journey to reopen. Nothing was reopened."))


def _participant(db: Session, participant_id: uuid.UUID) -> uuid.UUID:
    """A participant of the cohort; 404 for one of another cohort."""
    found = participant(db, participant_id)
    if found is None or found.cohort_id != _placement().cohort_id:
        abort(404)
    return found.id

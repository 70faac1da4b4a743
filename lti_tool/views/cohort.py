"""The tutor's page: who is here, who is with whom, how far each is; and what only a tutor decides.

It keeps itself up to date: the browser asks every three seconds with the ETag of what it shows, and is told
304 until a fact of the cohort, or a new person of the course, changes it.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, abort, g, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool import recording
from lti_tool.database import utcnow
from lti_tool.mentoring import actions, journey, overview
from lti_tool.mentoring.models import Cohort, Participant, Role
from lti_tool.mentoring.programme_templates import (
    DEFAULT_TEMPLATE,
    ProgrammeTemplate,
    UnknownTemplateError,
    load_template,
)
from lti_tool.people import Course
from lti_tool.tool import current_tool
from lti_tool.views import wording
from lti_tool.views.i18n import language
from lti_tool.views.launch_sessions import here, require_tutor
from lti_tool.views.participants import done_message
from schemas.mentoring_forms import PairForm, ReopenForm, TutorValidationForm, read_form
from schemas.problem import Problem, ShapeError

FIRST_ROSTER_SECONDS = 1.5
"""How long the first page of a course waits for its roster."""

blueprint = Blueprint("cohort", __name__, url_prefix="/l/<launch_key>/cohort")


def page(
    *,
    errors: Mapping[str, list[Problem]] | None = None,
    refused: actions.NotAllowed | None = None,
) -> ResponseReturnValue:
    """The whole page; after a refused form with what was chosen, and what is wrong beside it.

    The first tutor who comes opens the programme.
    """
    launch = g.launch
    _open()
    _read_roster()
    shown, etag = _overview()
    html = render_template(
        "cohort/index.html",
        overview=shown,
        etag=etag,
        course_title=launch.course.title,
        no_line_item=launch.resource_link is not None and launch.resource_link.line_item_url is None,
        errors=errors or {},
        given=request.form if errors or refused else None,
        refused=wording.refusal(refused.code) if refused else _first_other(errors),
        done=done_message(),
    )
    return html, 422 if errors else 409 if refused else 200


def _open() -> None:
    with current_tool().database.reading() as db:
        if journey.current_cohort(db, g.launch.course_id) is not None:
            return
    with recording.transaction(current_tool()) as db:
        course = db.get_one(Course, g.launch.course_id)
        actions.open_programme(db, course=course, template=_template(), now=utcnow())


def _read_roster() -> None:
    """Read the roster when it is due, behind the page, which shows the change by itself.

    The first visit waits a moment, so that everybody is there where the platform is quick.
    """
    tool = current_tool()
    with tool.database.reading() as db:
        course = db.get_one(Course, g.launch.course_id)
    wait = FIRST_ROSTER_SECONDS if course.roster_read_at is None else 0
    tool.rosters.refresh(tool, course, g.launch.registration_id, wait_seconds=wait)


def _template() -> ProgrammeTemplate:
    """The template that the tutor chose in the content picker; the usual one where none was, or is no more."""
    link = g.launch.resource_link
    try:
        return load_template(link.template or DEFAULT_TEMPLATE) if link else load_template(DEFAULT_TEMPLATE)
    except UnknownTemplateError:
        return load_template(DEFAULT_TEMPLATE)


def _first_other(errors: Mapping[str, list[Problem]] | None) -> str | None:
    """What is wrong outside the two lists of people, in words."""
    for name, problems in (errors or {}).items():
        if name not in ("mentor_id", "mentee_id"):
            return wording.problem(problems[0])
    return None


def _overview() -> tuple[overview.CohortOverview, str]:
    """What the page shows, and its ETag."""
    with current_tool().database.reading() as db:
        cohort = _cohort(db)
        course = db.get_one(Course, g.launch.course_id)
        return overview.overview_of(db, cohort, course.id), _etag(cohort, course)


def _cohort(db: Session) -> Cohort:
    return journey.current_cohort(db, g.launch.course_id) or abort(404)


def _etag(cohort: Cohort, course: Course) -> str:
    """Changes with every fact of the cohort, every reading of the roster, and the language."""
    read = course.roster_read_at.isoformat() if course.roster_read_at else "-"
    seed = f"{cohort.id} {cohort.revision} {read} {language()}"
    return f'"{hashlib.sha256(seed.encode()).hexdigest()[:20]}"'


@blueprint.get("/live")
@require_tutor
def live() -> ResponseReturnValue:
    """The part of the page that changes by itself; 304 when it has not."""
    with current_tool().database.reading() as db:
        etag = _etag(_cohort(db), db.get_one(Course, g.launch.course_id))
    if request.headers.get("If-None-Match") == etag:
        return _tagged(Response(status=304), etag)
    shown, etag = _overview()
    return _tagged(make_response(render_template("cohort/_live.html", overview=shown, etag=etag)), etag)


def _tagged(response: Response, etag: str) -> Response:
    response.headers["ETag"] = etag
    return response


@blueprint.post("/pairs")
@require_tutor
def pair() -> ResponseReturnValue:
    """Put two people together. Whoever has no role yet gets it here, even before they first come."""
    try:
        form = read_form(PairForm(), request.form.items(multi=True))
    except ShapeError as error:
        return page(errors=error.problems)
    now = utcnow()
    try:
        with recording.transaction(current_tool()) as db:
            cohort = _cohort(db)
            people = {role: _enrolled(db, cohort, form[f"{role}_id"], role) for role in Role}
            actions.form_pair(
                db, cohort=cohort, mentor=people[Role.MENTOR], mentee=people[Role.MENTEE], now=now
            )
    except actions.NotAllowed as refused:
        return page(refused=refused)
    return redirect(here("home.home", done="paired"))


def _enrolled(db: Session, cohort: Cohort, person_id: uuid.UUID, role: Role) -> Participant:
    """The participant that a person of the course is, joined in ``role`` where they have not chosen yet."""
    found = journey.participant_of(db, cohort.id, person_id)
    if found is not None:
        return found
    person = overview.learner_of_course(db, g.launch.course_id, person_id)
    if person is None:
        raise actions.NotAllowed("not_a_learner")
    return actions.join(db, cohort=cohort, person=person, role=role, now=utcnow())


@blueprint.post("/validate")
@require_tutor
def validate() -> ResponseReturnValue:
    """Say that a participant's journey is as it should be."""
    try:
        form = read_form(TutorValidationForm(), request.form.items(multi=True))
    except ShapeError:
        abort(400)
    if not form["validated"]:
        abort(400)
    with recording.transaction(current_tool()) as db:
        actions.validate_participant(db, participant=_participant(db, form), now=utcnow())
    return redirect(here("home.home", done="validated"))


@blueprint.post("/reopen")
@require_tutor
def reopen() -> ResponseReturnValue:
    """Open a completed journey again, and say why."""
    try:
        form = read_form(ReopenForm(), request.form.items(multi=True))
    except ShapeError as error:
        return page(errors=error.problems)
    try:
        with recording.transaction(current_tool()) as db:
            actions.reopen(db, participant=_participant(db, form), reason=form["reason"], now=utcnow())
    except actions.NotAllowed as refused:
        return page(refused=refused)
    return redirect(here("home.home", done="reopened"))


def _participant(db: Session, form: Mapping[str, Any]) -> Participant:
    return overview.participant_in(db, _cohort(db).id, form["participant_id"]) or abort(404)

"""The first page after a launch, for everyone: what is next, how far, with whom; for a tutor, the whole group."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import MethodNotAllowed

from lti_tool import recording
from lti_tool.database import utcnow
from lti_tool.mentoring import actions, journey, sample
from lti_tool.people import CourseRole, Person
from lti_tool.tool import current_tool
from lti_tool.views import cohort
from lti_tool.views.launch_sessions import here, require_person, require_tutor
from lti_tool.views.participants import acting, asked_pair, done_message
from schemas.mentoring_forms import ChooseRoleForm, read_form
from schemas.problem import ShapeError

blueprint = Blueprint("home", __name__, url_prefix="/l/<launch_key>")


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """The home of whoever launched: tutor, learner, or somebody who may only look."""
    launch = g.launch
    if launch.course_id is None:
        return _visitor(
            _("Open this activity from a course"),
            _("Reverse mentoring lives in a course: that is where your partner and your tutor are."),
        )
    if launch.person_id is None:
        return _visitor(
            _("You are here without a name"),
            _("Your course did not say who you are, so you can look around, and nothing you do is kept."),
            _("To take part, sign in to your learning platform and open the activity from your course."),
        )
    if launch.role == CourseRole.TUTOR:
        return cohort.page()
    if launch.role == CourseRole.OBSERVER:
        return _visitor(
            _("You are here to observe"),
            _("What two people share in a pair stays with them, so there is nothing to show you here."),
        )
    return _learner()


def _learner() -> ResponseReturnValue:
    launch = g.launch
    with current_tool().database.reading() as db:
        found = journey.current_cohort(db, launch.course_id)
        if found is None:
            return _visitor(
                _("Not open yet"),
                _(
                    "Your tutor has not opened the programme yet. There is nothing to do: come back in a few days."
                ),
            )
        participant = journey.participant_of(db, found.id, launch.person_id)
        if participant is None:
            return _welcome()
        mine = journey.journey_of(db, participant)
    wanted = asked_pair()
    pair = mine.pair(wanted)
    if pair is None and wanted is not None:
        abort(404)
    return render_template(
        "home/learner.html",
        journey=mine,
        pair=pair,
        step=mine.step(pair),
        course_title=launch.course.title,
        done=done_message(),
        preview=False,
    )


def _welcome(errors: dict[str, object] | None = None) -> ResponseReturnValue:
    launch = g.launch
    page = render_template(
        "home/welcome.html",
        given_name=launch.person.given_name,
        course_title=launch.course.title,
        errors=errors,
    )
    return page, 422 if errors else 200


def _visitor(heading: str, text: str, hint: str | None = None) -> ResponseReturnValue:
    return render_template("home/visitor.html", heading=heading, text=text, hint=hint)


@blueprint.post("/join")
@require_person
def join() -> ResponseReturnValue:
    """“I want to learn” or “I can teach”."""
    launch = g.launch
    if launch.role != CourseRole.LEARNER or launch.course_id is None:
        abort(403)
    try:
        form = read_form(ChooseRoleForm(), request.form.items(multi=True))
    except ShapeError as error:
        return _welcome(dict(error.problems))
    with recording.transaction(current_tool()) as db:
        found = journey.current_cohort(db, launch.course_id)
        if found is None:
            raise actions.NotAllowed("cohort_closed")
        person = db.get_one(Person, launch.person_id)
        actions.join(db, cohort=found, person=person, role=form["role"], now=utcnow())
    return redirect(here("home.home", done="joined"))


@blueprint.post("/role")
@require_person
def change_role() -> ResponseReturnValue:
    """The other role, as long as there is no partner."""
    try:
        form = read_form(ChooseRoleForm(), request.form.items(multi=True))
    except ShapeError:
        abort(400)
    with recording.transaction(current_tool()) as db:
        actions.change_role(db, participant=acting(db), role=form["role"], now=utcnow())
    return redirect(here("home.home", done="role_changed"))


@blueprint.get("/preview/<any(mentee, mentor):role>")
@require_tutor
def preview(role: str) -> ResponseReturnValue:
    """What a mentee or a mentor sees, with invented people; it reads and changes nothing."""
    mine = sample.journey_for(
        role,
        learns=_("Write good requests to an AI assistant"),
        teaches_back=_("Present a project to a committee"),
        today=utcnow().date(),
    )
    pair = mine.pair()
    return render_template(
        "home/learner.html",
        journey=mine,
        pair=pair,
        step=mine.step(pair),
        course_title=g.launch.course.title if g.launch.course else None,
        done=None,
        preview=True,
    )


@blueprint.route("/<path:below>", methods=["GET", "POST"])
def elsewhere(below: str) -> ResponseReturnValue:
    """Any other address below a launch: a friendly 404 that knows the person, or 405 where another method is right."""
    adapter = current_app.create_url_adapter(request)
    right = [
        method
        for method in ("GET", "POST")
        if adapter is not None and adapter.match(method=method)[0] != "home.elsewhere"
    ]
    if right:
        raise MethodNotAllowed(right)
    abort(404, below)

"""The first page after a launch, for everyone: a tutor's group, a learner's journey, or why there is none."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.programmes.models import Cohort
from lti_tool.mentoring.programmes.tutor_queries import TutorRecord, tutor_of_cohort
from lti_tool.translation import gettext as _
from lti_tool.web import course_page
from lti_tool.web.access import allows
from lti_tool.web.activity import Activity, current_activity
from lti_tool.web.forms.offers import offer_kept_forms
from lti_tool.web.language import day
from lti_tool.web.learner import home as learner
from lti_tool.web.learner import observer, second_activity, switched_role
from lti_tool.web.owner import human_resources, programmes
from lti_tool.web.services import current_principal, reading
from lti_tool.web.tutor import cohort

blueprint = Blueprint("home", __name__, url_prefix="/l/<launch_key>")


@blueprint.get("/")
@allows(Action.VIEW_HOME)
def home() -> ResponseReturnValue:
    """The home of whoever launched: tutor, learner, or somebody who may only look."""
    principal = current_principal()
    offer_kept_forms()
    if g.launch.course_id is None or g.launch.resource_link_id is None:
        return visitor_page(
            _("Open this activity from a course"),
            _("Reverse mentoring lives in a course: that is where your partner and your tutor are."),
        )
    if g.launch.is_test_user:
        return visitor_page(
            _("You are here as a test student"),
            _(
                "A test student can look around but not take part: nothing is saved, no grade is sent, and you are "
                "not in a pair."
            ),
            _(
                "To see who takes part, open the activity as a teacher. To see what a learner sees, open an example "
                "with made-up people:"
            ),
            has_examples=True,
        )
    if principal.person_id is None:
        return visitor_page(
            _("Your course did not say who you are"),
            _("You can look around: nothing you do is kept, and no grade is sent."),
            _(
                "To take part, sign in to your learning platform and open the activity from your course. To see what a "
                "learner sees, open an example with made-up people:"
            ),
            has_examples=True,
        )
    if principal.role == CourseRole.LEARNER:
        second_activity.open_if_first_is_open()
    if principal.role in (CourseRole.TUTOR, CourseRole.LEARNER) and course_page.is_shown():
        return course_page.page()
    if principal.role == CourseRole.TUTOR:
        return cohort.page()
    if principal.role == CourseRole.SWITCHED:
        return switched_role.page()
    observed = observer.page() if principal.role == CourseRole.OBSERVER and not g.launch.is_admin else None
    first = observed or _page_of_rights()
    if first is not None:
        return first
    if principal.role == CourseRole.OBSERVER and g.launch.is_admin:
        return visitor_page(
            _("You are here as an administrator"),
            _("You are not enrolled in this course, so you take no part in it and see nobody’s meetings."),
            _(
                "You can add this activity to courses. To open it or to look after a group, have yourself enrolled in "
                "the course as a teacher."
            ),
        )
    if principal.role == CourseRole.OBSERVER:
        return visitor_page(
            _("Nothing to show for now"),
            _("Your course has not linked you to anybody yet."),
            _(
                "If you should be taking part, or following somebody’s progress, ask a teacher in this course."
            ),
        )
    activity = current_activity()
    if activity is not None and activity.is_draft:
        return _in_preparation(activity)
    return learner.page() or visitor_page(
        _("The programme opens soon"),
        _("Your tutor is preparing it. There is nothing to do for now."),
        _hint_of_beginning(),
        has_picture=True,
    )


def _page_of_rights() -> ResponseReturnValue | None:
    """The programmes of an owner, or of somebody of human resources, who has no other part here; else None.

    Whoever could take part finds the way to that there.
    """
    principal = current_principal()
    if not (principal.owns_programmes or principal.reads_programmes):
        return None
    activity = current_activity()
    if activity is not None and activity.participant is not None:
        return None
    show = programmes.list_page if principal.owns_programmes else human_resources.list_page
    return show(is_first=True, may_take_part=principal.role == CourseRole.LEARNER and learner.is_open())


def _in_preparation(activity: Activity) -> ResponseReturnValue:
    """To a learner, before the tutor has started the programme: who prepares it, and that nothing is asked yet."""
    with reading() as db:
        tutor = tutor_of_cohort(db, activity.placement.cohort_id)
        starts_on = db.get_one(Cohort, activity.placement.cohort_id).starts_on
    if tutor is None:
        text = _("Your tutor is preparing it. There is nothing to do for now.")
    else:
        text = _(
            "%(name)s is preparing it. There is nothing to do for now.",
            name=tutor.name,
        )
    if starts_on > utcnow().date():
        text += " " + _("It is planned to begin on %(day)s.", day=day(starts_on))
    return visitor_page(
        _("The programme opens soon"), text, _hint_of_beginning(), has_picture=True, tutor=tutor
    )


def _hint_of_beginning() -> str:
    return _("Once it has begun, open this activity again.")


def visitor_page(
    heading: str,
    text: str,
    hint: str | None = None,
    *,
    has_examples: bool = False,
    has_picture: bool = False,
    tutor: TutorRecord | None = None,
) -> ResponseReturnValue:
    """A page for somebody who has nothing to do here: why, and what they can do.

    ``has_examples``: with links to a learner's pages with invented people. ``has_picture``: with what awaits them.
    ``tutor``: whom to ask.
    """
    return render_template(
        "learner/visitor.html",
        heading=heading,
        text=text,
        hint=hint,
        has_examples=has_examples,
        has_picture=has_picture,
        tutor=tutor,
    )


@blueprint.route("/<path:below>", methods=["GET", "POST"])
@allows(Action.VIEW_HOME)
def elsewhere(below: str) -> ResponseReturnValue:
    """Any other address below a launch: a 404 that knows the person, or 405 where another method is right."""
    adapter = current_app.create_url_adapter(request)
    right = [
        method
        for method in ("GET", "POST")
        if adapter is not None and adapter.match(method=method)[0] != "home.elsewhere"
    ]
    if right:
        raise MethodNotAllowed(right)
    abort(404, below)

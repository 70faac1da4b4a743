"""Access to views: :mod:`lti_tool.identity.policy` decides, and a refusal becomes an answer."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any, NoReturn, ParamSpec

from flask import abort, g
from flask.typing import ResponseReturnValue

from lti_tool.identity.policy import TABLE, Action, Capacity, Refusal, Relation, decide
from lti_tool.identity.principal import CourseRole
from lti_tool.lti.errors import Advice, Refused
from lti_tool.mentoring.programmes.standing import standing_in_cohort
from lti_tool.web.activity import current_activity, current_cohort_id, current_unplaced_cohort
from lti_tool.web.services import current_principal, reading_once

_Arguments = ParamSpec("_Arguments")
View = Callable[_Arguments, ResponseReturnValue]
FindRelation = Callable[..., Relation]
"""Finds how whoever asks stands to what the view is about, from the view's own arguments."""


class AccessRefused(Refused):
    """A page of a launch was refused."""

    step = "session"
    status = 403
    advice = Advice.NOT_YOURS
    names_registration = True


class PersonNeeded(AccessRefused):
    """The launch named nobody, so it may look but not act."""

    advice = Advice.NAMELESS


class TutorNeeded(AccessRefused):
    """The page is for the course's tutors."""

    advice = Advice.TUTORS_ONLY


class EnrolmentNeeded(TutorNeeded):
    """The page is for the course's tutors, and this administrator of the site is not enrolled."""

    advice = Advice.NOT_ENROLLED


class SettingsTakenOver(AccessRefused):
    """The owners of the programme keep its settings to themselves."""

    advice = Advice.TAKEN_OVER


class CourseLeft(AccessRefused):
    """The person is not in the course any more."""

    advice = Advice.COURSE_LEFT


def no_relation(**_arguments: Any) -> Relation:
    """The empty relation, for a view without a resource."""
    return Relation()


def allows(
    action: Action, about: FindRelation = no_relation
) -> Callable[[View[_Arguments]], View[_Arguments]]:
    """Make a view answer only whom the policy allows ``action`` to what it is about.

    A refusal is raised: :class:`PersonNeeded`, :class:`TutorNeeded`, :class:`CourseLeft`, or 403 or 404 in the words
    of :mod:`lti_tool.web.errors`.
    """

    def decorate(view: View[_Arguments]) -> View[_Arguments]:
        if Capacity.ANYONE in TABLE.get(action, ()) and about is no_relation:
            # The policy's answer is known: nothing is asked at each login and launch.
            vars(view)["policy_action"] = action
            return view

        @functools.wraps(view)
        def guarded(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> ResponseReturnValue:
            _refuse_early(action)
            check(action, about(**kwargs))
            return view(*args, **kwargs)

        guarded.policy_action = action  # type: ignore[attr-defined]  # read by the test of every route
        return guarded

    return decorate


def check(action: Action, relation: Relation) -> None:
    """Raise what :func:`allows` raises, unless the policy allows ``action``."""
    refusal = decide(current_principal(), relation, action)
    if refusal is not None:
        _raise(refusal)


def _refuse_early(action: Action) -> None:
    """Whoever has left, or has no name, is refused whatever the view is about: it need not be looked for."""
    refusal = decide(current_principal(), Relation(), action)
    if refusal in (Refusal.LEFT_COURSE, Refusal.NAMELESS, Refusal.NO_LAUNCH):
        _raise(refusal)


def _raise(refusal: Refusal) -> NoReturn:
    match refusal:
        case Refusal.NAMELESS:
            raise PersonNeeded
        case Refusal.FOR_TUTORS if g.launch.is_admin and current_principal().role == CourseRole.OBSERVER:
            raise EnrolmentNeeded
        case Refusal.FOR_TUTORS:
            raise TutorNeeded
        case Refusal.TAKEN_OVER:
            raise SettingsTakenOver
        case Refusal.LEFT_COURSE:
            raise CourseLeft
        case Refusal.FOR_LEARNERS | Refusal.NO_LAUNCH:
            abort(403)
        case Refusal.NOT_THEIRS:
            abort(404)


def company_of_launch(**_arguments: Any) -> Relation:
    """How whoever asks stands to what belongs to their company, such as its templates, and to its programmes."""
    principal = current_principal()
    return Relation(
        organisation_id=principal.organisation_id,
        owns=principal.owns_programmes,
        reads_for_hr=principal.reads_programmes,
    )


def is_allowed(action: Action, relation: Relation) -> bool:
    """Whether the policy allows ``action``, for a page that offers it."""
    return decide(current_principal(), relation, action) is None


def cohort_of_launch(**_arguments: Any) -> Relation:
    """How whoever asks stands to the cohort that the present page is about; read once in a request."""
    principal, cohort_id = current_principal(), current_cohort_id()
    if cohort_id is None or principal.person_id is None:
        return Relation(organisation_id=principal.organisation_id)
    read: dict[uuid.UUID, Relation] = g.setdefault("relations_to_cohorts", {})
    if cohort_id not in read:
        read[cohort_id] = _relation_to_cohort(cohort_id, principal.person_id)
    return read[cohort_id]


def _relation_to_cohort(cohort_id: uuid.UUID, person_id: uuid.UUID) -> Relation:
    activity = current_activity()
    belongs_to = activity or current_unplaced_cohort() or abort(404)
    with reading_once() as db:
        standing = standing_in_cohort(db, cohort_id, belongs_to.programme_id, person_id)
    return Relation(
        organisation_id=belongs_to.organisation_id,
        participant=activity is not None and activity.participant is not None,
        teaches=standing.teaches,
        owns=standing.owns,
        taken_over=standing.taken_over,
    )

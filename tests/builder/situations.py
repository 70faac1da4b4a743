"""Everything that a page can show, each situation in a course of its own, with a launch session to open it by."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.composition.services import Services
from lti_tool.identity.models import Person
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.lti.registration.models import Registration
from tests.builder.build import Builder
from tests.builder.launches import SECRET, session_id_of
from tests.builder.learner_situations import (
    awaits_tutor,
    begins,
    complete,
    complete_and_refused,
    declined,
    ended,
    i_declined,
    in_a_window,
    leave_course,
    not_met,
    not_open,
    nothing_waits,
    objective_to_confirm,
    partner_left,
    paused,
    proposed,
    reminded,
    to_accept,
    to_confirm,
    to_correct,
    to_sign,
    tutor_validates,
    under_way,
    waiting,
    waits_for_acceptance,
    waits_for_correction,
    waits_for_signature,
    welcome,
    words_of_both,
)
from tests.builder.owner_situations import human_resources, owner
from tests.builder.places import BuiltPlatform
from tests.builder.platform_situations import (
    anonymous,
    elsewhere,
    learner_of_duplicate,
    menu_of_learner,
    menu_of_several,
    menu_of_tutor,
    observer,
    observer_of_two,
    review,
    switched_role,
    test_student,
    tutor_of_copy,
    tutor_of_duplicate,
    tutor_of_new_choice,
    tutor_of_waiting_duplicate,
    tutor_who_chooses,
    two_activities,
    welcome_to_teach,
)
from tests.builder.situation import Situation, line_item_of
from tests.builder.snapshot import KeptSnapshots, Snapshot, is_empty
from tests.builder.tutor_situations import (
    GRADES,
    ROSTER_URL,
    look_as_tutor,
    people_of_every_kind,
    tutor,
    tutor_alone,
    tutor_of_complete,
    tutor_of_grades,
    tutor_of_leavers,
    tutor_of_unsigned,
    tutor_to_validate,
    tutor_whose_roster_failed,
    tutor_whose_roster_is_read,
)

__all__ = [
    "GRADES",
    "KEPT_SITUATIONS",
    "ROSTER_URL",
    "SECRET",
    "SITUATIONS",
    "Situation",
    "anonymous",
    "awaits_tutor",
    "begins",
    "build_situation",
    "complete",
    "complete_and_refused",
    "declined",
    "elsewhere",
    "ended",
    "human_resources",
    "i_declined",
    "in_a_window",
    "learner_of_duplicate",
    "leave_course",
    "line_item_of",
    "look_as_tutor",
    "menu_of_learner",
    "menu_of_several",
    "menu_of_tutor",
    "not_met",
    "not_open",
    "nothing_waits",
    "objective_to_confirm",
    "observer",
    "observer_of_two",
    "owner",
    "partner_left",
    "paused",
    "people_of_every_kind",
    "proposed",
    "reminded",
    "review",
    "switched_role",
    "test_student",
    "to_accept",
    "to_confirm",
    "to_correct",
    "to_sign",
    "tutor",
    "tutor_alone",
    "tutor_of_complete",
    "tutor_of_copy",
    "tutor_of_duplicate",
    "tutor_of_grades",
    "tutor_of_leavers",
    "tutor_of_new_choice",
    "tutor_of_unsigned",
    "tutor_of_waiting_duplicate",
    "tutor_to_validate",
    "tutor_validates",
    "tutor_who_chooses",
    "tutor_whose_roster_failed",
    "tutor_whose_roster_is_read",
    "two_activities",
    "under_way",
    "waiting",
    "waits_for_acceptance",
    "waits_for_correction",
    "waits_for_signature",
    "welcome",
    "welcome_to_teach",
    "words_of_both",
]

SITUATIONS: tuple[Callable[[Situation], None], ...] = (
    welcome, welcome_to_teach, elsewhere, not_open, waiting, proposed, waits_for_acceptance,
    to_sign, waits_for_signature, partner_left, begins,
    under_way, to_confirm, to_correct, to_accept, not_met, waits_for_correction, reminded, nothing_waits, paused, ended,
    declined, i_declined,
    objective_to_confirm, complete, complete_and_refused, awaits_tutor, tutor, tutor_of_leavers, tutor_to_validate,
    tutor_of_complete, tutor_of_grades, tutor_alone, tutor_whose_roster_is_read, tutor_whose_roster_failed,
    tutor_of_copy, tutor_of_duplicate, tutor_of_waiting_duplicate, learner_of_duplicate, tutor_who_chooses,
    owner, human_resources,
    tutor_of_new_choice, switched_role, observer, observer_of_two, review, anonymous, test_student,
)  # fmt: skip


def build_situation(
    services: Services,
    build: Callable[[Situation], None],
    *,
    family: str | None = "moodle",
    locale: str = "en",
) -> str:
    """Build a situation in a course of its own; return the path of its home page.

    In an empty database, a situation that is listed in :data:`SITUATIONS` is built once for each kind of database and
    copied for the next four minutes.
    """
    if build not in SITUATIONS or not is_empty(services.database):
        return _build(services, build, family, locale)
    kind = services.database.engine.dialect.name
    key = f"{kind} {services.config.base_url} {build.__name__} {family}"
    kept = KEPT_SITUATIONS.get(key)
    if kept is None:
        home = _build(services, build, family, _BUILT_IN)
        KEPT_SITUATIONS.keep(key, home, Snapshot.of(services.database))
    else:
        home, snapshot = kept
        snapshot.restore(services.database)
    if locale != _BUILT_IN:
        with services.database.writing_connection() as connection:
            opened = sa.update(LaunchSession).where(LaunchSession.id == session_id_of(home))
            connection.execute(opened.values(locale=locale))
    return home


_BUILT_IN = "en"


KEPT_SITUATIONS = KeptSnapshots()
"""The homes and the rows of situations, which the processes of one test run may share."""


def _build(services: Services, build: Callable[[Situation], None], family: str | None, locale: str) -> str:
    builder = Builder(services)
    with builder.transaction() as db:
        issuer = f"https://{family or 'other'}.example"
        platform = _platform(builder, db, issuer, family)
        activity = platform.course("Cultures numériques").activity("link-1")
        situation = Situation(db, activity)
        build(situation)
        situation.link.line_item_url = line_item_of(issuer) if situation.line_item else None
        shows = [db.get_one(Person, person.id).subject for person in situation.shows] or None
        key = situation.activity.launch(
            situation.me,
            locale=locale,
            return_url=f"{issuer}/course/1",
            shown_subjects=shows,
            document_target=situation.document_target,
            is_test_user=situation.is_test_user,
        )
        return f"/l/{key}/"


def _platform(builder: Builder, db: Session, issuer: str, family: str | None) -> BuiltPlatform:
    """The platform of all situations of a family."""
    known = db.scalars(sa.select(Registration).where(Registration.issuer == issuer)).first()
    if known is None or known.organisation_id is None:
        return builder.organisation().platform(issuer, family)
    return BuiltPlatform(builder, known.id, known.organisation_id, known.deployments[0].id)

"""The scores that events make, and those of a line item that is known only later."""

import pytest
import sqlalchemy as sa

from lti_tool.database import utcnow
from lti_tool.identity.models import Membership, Organisation, Person
from lti_tool.lti.ags.models import ScoreTrail
from lti_tool.mentoring.completion.models import CompletionRecord
from lti_tool.subscribers.scores import backfill_scores
from lti_tool.translation import using_language
from lti_tool.translation.dates import long_date
from tests.builder import add_person, add_registration
from tests.builder.world import LINE_ITEM
from tests.enqueued import scores


def test_completion_reports_a_full_score_for_both(services, world, pair):
    world.grade_column()
    world.confirm(world.log_session())
    assert [(s["scoreGiven"], s["gradingProgress"]) for s in scores(services)] == [(100, "FullyGraded")] * 2


def test_every_activity_of_the_group_gets_scores_on_its_own_line_item(services, world, pair):
    world.grade_column()
    world.second_activity("https://lms.example/lineitems/2/lineitem")
    world.confirm(world.log_session())
    assert len(scores(services)) == 4


def test_progress_replaces_what_still_waits(services, world, pair):
    world.grade_column()
    world.log_session()
    session_id = world.log_session()
    world.confirm(session_id)
    assert [s["activityProgress"] for s in scores(services)] == ["Completed"] * 2


def test_what_did_not_change_is_not_reported_again(services, world, pair):
    world.grade_column()
    world.log_session()
    before = len(scores(services))
    world.log_session()
    assert len(scores(services)) == before


def test_a_state_after_the_grade_is_never_reported(services, world, pair):
    world.grade_column()
    session_id = world.log_session()
    world.confirm(session_id)
    world.built_mentee.reopen("An error")
    assert [s["gradingProgress"] for s in scores(services)] == ["FullyGraded"] * 2


def test_a_tutor_who_takes_part_has_no_grade(services, world, pair):
    world.grade_column()
    with services.database.transaction() as db:
        mentor = world.mentor(db)
        db.execute(sa.update(Membership).where(Membership.person_id == mentor.person_id).values(role="tutor"))
    world.confirm(world.log_session())
    assert [s["userId"] for s in scores(services)] == ["Paul Moreau"]


def test_a_line_item_without_the_right_to_score_is_left_alone(services, world, pair):
    world.grade_column(scopes=[])
    world.confirm(world.log_session())
    assert scores(services) == []


def test_a_line_item_known_only_later_is_backfilled(services, world, pair):
    world.confirm(world.log_session())
    world.grade_column()
    with world.acting() as db:
        backfill_scores(db, world.resource_link_id, utcnow())
    assert [s["scoreGiven"] for s in scores(services)] == [100, 100]


def test_backfilling_twice_reports_once(services, world, pair):
    world.confirm(world.log_session())
    world.grade_column()
    with world.acting() as db:
        backfill_scores(db, world.resource_link_id, utcnow())
    with world.acting() as db:
        assert backfill_scores(db, world.resource_link_id, utcnow()) == 0


def test_what_another_platform_recorded_for_the_same_address_holds_nothing_back(services, world, pair):
    """Anybody can launch with the line item's address of somebody else."""
    world.confirm(world.log_session())
    with services.database.transaction() as db:
        organisation = db.get_one(Organisation, world.organisation_id)
        other, _ = add_registration(db, organisation, "https://other.example")
        stranger = add_person(db, other.id, world.course_row(db), "stranger")
        db.add(
            ScoreTrail(
                line_item_url=LINE_ITEM, person_id=stranger.id, status="onboarded", last_timestamp=utcnow()
            )
        )
    world.grade_column()
    with world.acting() as db:
        assert backfill_scores(db, world.resource_link_id, utcnow()) == 2


def test_a_backfill_wakes_the_worker(services, world, pair):
    world.confirm(world.log_session())
    world.grade_column()
    services.wake.clear()
    with world.acting() as db:
        backfill_scores(db, world.resource_link_id, utcnow())
    assert services.wake.is_set()


def test_the_trail_has_the_latest_score(services, world, pair):
    world.grade_column()
    world.confirm(world.log_session())
    with services.database.reading() as db:
        trails = db.scalars(sa.select(ScoreTrail)).all()
    assert [(trail.score, trail.graded) for trail in trails] == [(100, True)] * 2


@pytest.mark.parametrize(
    ("locale", "comment"),
    [
        ("fr-CA", "Vous avez terminé votre programme de mentorat inversé le {day}."),
        ("en", "You completed your reverse-mentoring programme on {day}."),
        ("pl", "You completed your reverse-mentoring programme on {day}."),
        (None, "You completed your reverse-mentoring programme on {day}."),
    ],
)
def test_the_comment_beside_the_grade_is_in_the_learners_language(services, world, pair, locale, comment):
    world.grade_column()
    with services.database.transaction() as db:
        db.execute(sa.update(Person).values(locale=locale))
    world.confirm(world.log_session())
    with services.database.reading() as db:
        completed_at = db.scalars(sa.select(CompletionRecord.completed_at)).first()
    with using_language("fr" if locale == "fr-CA" else "en"):
        said = comment.format(day=long_date(completed_at.date()))
    assert [score["comment"] for score in scores(services)] == [said] * 2


def test_what_is_known_only_later_has_its_comment_too(services, world, pair):
    world.confirm(world.log_session())
    world.grade_column()
    with world.acting() as db:
        db.execute(sa.update(Person).values(locale="fr"))
        backfill_scores(db, world.resource_link_id, utcnow())
    said = {score["comment"] for score in scores(services)}
    assert len(said) == 1
    assert said.pop().startswith("Vous avez terminé votre programme de mentorat inversé le ")


def test_a_score_without_a_grade_has_no_comment(services, world, pair):
    world.grade_column()
    world.log_session()
    assert ["comment" in score for score in scores(services)] == [False] * 2


def test_another_language_alone_sends_no_grade_again(services, world, pair):
    world.grade_column()
    world.confirm(world.log_session())
    with world.acting() as db:
        db.execute(sa.update(Person).values(locale="fr"))
        assert backfill_scores(db, world.resource_link_id, utcnow()) == 0

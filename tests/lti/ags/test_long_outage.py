"""A platform that is away for a month while thousands of things change: the right grades afterwards, each sent once."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from pytest_httpserver import HTTPServer

from lti_tool.composition.channels import make_channels
from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.demo.lms.people import add_person as add_lms_person
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.identity.models import Course
from lti_tool.lti.ags import scores as grades
from lti_tool.lti.ags.models import GradeStatus, ScoreTrail
from lti_tool.lti.models import AccessToken
from lti_tool.lti.registration.models import Registration
from lti_tool.messaging.models import Delivery, DeliveryKind
from lti_tool.messaging.worker import Worker
from tests.builder import add_person
from tests.builder.connected import Connected, connect

PEOPLE = 30
UNFINISHED = 5
DAYS = 30
CHANGES_A_DAY = 100


class Cohort:
    """People of both sides, and how far each is."""

    def __init__(self, connected: Connected) -> None:
        self.connected, self.services = connected, connected.services
        self.progress: dict[uuid.UUID, int] = {}
        self.subjects: dict[uuid.UUID, str] = {}
        form = {"username": "", "email": "", "family_name": "Person", "job": "", "role": "student"}
        with connected.lms.lms.store.transaction() as lms_db:
            subjects = [
                str(add_lms_person(lms_db, {**form, "given_name": f"No {number}"}).id)
                for number in range(PEOPLE)
            ]
        with self.services.database.transaction() as db:
            course = db.get_one(Course, connected.world.course_id)
            for subject in subjects:
                person = add_person(
                    db, connected.world.registration_id, course, f"Person {subject}", subject=subject
                )
                self.progress[person.id], self.subjects[person.id] = 0, subject

    def change(self, rng: random.Random, now: dt.datetime) -> None:
        """Somebody gets further, or a correction takes them back; at 100 they have completed, which some never do."""
        place, person_id = rng.choice(list(enumerate(self.progress)))
        before, most = self.progress[person_id], 90 if place < UNFINISHED else 100
        if before < most:
            self.progress[person_id] = max(0, min(most, before + rng.choice([-3, 1, 2, 4, 5])))
        score = self.progress[person_id]
        reached = grades.ReachedScore(
            self.connected.world.resource_link_id,
            person_id,
            "satisfied" if score == 100 else "under_way",
            score,
            "live",
        )
        with self.services.database.transaction() as db:
            grades.record_scores(db, [reached], now)


@pytest.fixture(params=["moodle", "canvas"])
def platform(
    request: pytest.FixtureRequest, services: Services, tmp_path: Path, httpserver: HTTPServer
) -> Iterator[Connected]:
    """The tool and an LMS with the rules of one or the other."""
    settings = LmsSettings(
        data_dir=tmp_path / "lms", port=0, grade_rules=request.param, product_family_code=request.param
    )
    with RunningLms(settings) as lms:
        yield connect(services, lms, httpserver)


def test_after_a_month_each_person_has_the_right_grade_by_one_score(platform: Connected) -> None:
    """Canvas gets the grade of a completion alone, and counts it as a submission."""
    connected, is_canvas = platform, platform.lms.settings.is_canvas
    services, registration_id = connected.services, connected.world.registration_id
    cohort, rng = Cohort(connected), random.Random(7)
    with services.database.transaction() as db:
        token_url = db.get_one(Registration, registration_id).auth_token_url
        db.execute(sa.update(Registration).values(auth_token_url="http://127.0.0.1:9/token"))
        db.execute(sa.delete(AccessToken))
    now = [utcnow() - dt.timedelta(days=DAYS)]
    worker = Worker(services.database, make_channels(services), wake=services.wake, clock=lambda: now[0])
    for _ in range(DAYS):
        for _ in range(CHANGES_A_DAY):
            cohort.change(rng, now[0])
            now[0] += dt.timedelta(days=1) / CHANGES_A_DAY
        worker.deliver(DeliveryKind.SCORE.value, str(registration_id))
    with services.database.reading() as db:
        waiting = db.scalars(sa.select(Delivery).where(Delivery.done_at.is_(None))).all()
        # What was tried has the reason; all of it is one score a person.
        reasons = db.scalars(sa.select(ScoreTrail.reason).where(ScoreTrail.grade_status == "waiting")).all()
    assert len({row.order_key for row in waiting}) == len(waiting) <= PEOPLE
    assert reasons
    assert all("token endpoint" in str(reason) for reason in reasons)
    with services.database.transaction() as db:
        db.execute(sa.update(Registration).values(auth_token_url=token_url))
    now[0] = utcnow() + dt.timedelta(minutes=1)
    for _ in range(PEOPLE):
        if not worker.deliver(DeliveryKind.SCORE.value, str(registration_id)):
            break
    changed = dict(cohort.progress)
    shown = {person: connected.cell(cohort.subjects[person]) for person in changed}
    assert list(changed.values()).count(100) == PEOPLE - UNFINISHED
    assert {person: cell["grade"] for person, cell in shown.items()} == {
        person: None if is_canvas and score < 100 else score for person, score in changed.items()
    }
    if is_canvas:
        assert {person: cell["attempts"] for person, cell in shown.items()} == {
            person: int(score == 100) for person, score in changed.items()
        }
    assert Counter(cell["accepted_count"] for cell in shown.values()) == {1: PEOPLE}
    assert len(connected.scores()) == PEOPLE
    with services.database.reading() as db:
        statuses = db.scalars(sa.select(ScoreTrail.grade_status).distinct()).all()
    assert statuses == [GradeStatus.RECORDED.value]


def test_a_token_that_is_refused_for_two_minutes_costs_that_time_and_nothing_else(
    connected: Connected,
) -> None:
    services, registration_id = connected.services, connected.world.registration_id
    cohort, start = Cohort(connected), utcnow()
    person_id = next(iter(cohort.progress))
    with services.database.transaction() as db:
        client_id = db.get_one(Registration, registration_id).client_id
        db.execute(sa.update(Registration).values(client_id="nobody"))
        db.execute(sa.delete(AccessToken))
        reached = grades.ReachedScore(
            connected.world.resource_link_id, person_id, "satisfied", 100, "final_only"
        )
        grades.record_scores(db, [reached], start)
    now = [start]
    worker = Worker(services.database, make_channels(services), wake=services.wake, clock=lambda: now[0])
    while now[0] < start + dt.timedelta(minutes=2):
        now[0] += dt.timedelta(seconds=5)
        worker.deliver(DeliveryKind.SCORE.value, str(registration_id))
    with services.database.transaction() as db:
        row = db.scalars(sa.select(ScoreTrail)).one()
        assert (row.grade_status, "token endpoint" in str(row.reason)) == (GradeStatus.WAITING, True)
        db.execute(sa.update(Registration).values(client_id=client_id))
    now[0] += dt.timedelta(seconds=35)
    worker.deliver(DeliveryKind.SCORE.value, str(registration_id))
    assert connected.cell(cohort.subjects[person_id])["grade"] == 100
    assert len(connected.scores()) == 1

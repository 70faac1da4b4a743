"""The questions that help to choose a partner, and the first visit of somebody whom a list has named."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from lti_tool.identity.models import Person
from lti_tool.mentoring.enrolment.details import Details
from lti_tool.mentoring.enrolment.details_actions import save_details
from lti_tool.mentoring.enrolment.details_queries import details_of
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.enrolment.people.models import AwaitedPerson
from lti_tool.messaging.models import DeliveryBody
from tests.builder import situations
from tests.builder.situations import Situation

FILE_SAYS = Details(1, (("everyday-tools", 3),), None, "Finance", "boss@example.org", ("da",), "Asia/Karachi")


def waiting_with_details(situation: Situation) -> None:
    """Somebody who waits for a partner, and of whom a list has said something."""
    situations.waiting(situation)
    assert situation.me is not None
    participant_id = situation.db.scalars(
        sa.select(Participant.id).where(Participant.person_id == situation.me.id)
    ).one()
    save_details(situation.db, {participant_id: FILE_SAYS})


def awaited(situation: Situation) -> None:
    """Somebody whom a list has named by their e-mail address, at their first visit."""
    situations.welcome(situation)
    assert situation.me is not None
    assert situation.cohort is not None
    situation.db.execute(
        sa.update(Person).where(Person.id == situation.me.id).values(email="Nina@example.org")
    )
    situation.db.add(
        AwaitedPerson(
            cohort_id=situation.cohort.id,
            email="nina@example.org",
            role="mentor",
            details=Details(capacity=2, department="IT").as_json(),
            invited_by_kind="operator",
        )
    )
    situation.db.flush()


def known(services) -> list[Details]:
    with services.database.reading() as db:
        ids = db.scalars(sa.select(Participant.id)).all()
        return [found.details for found in details_of(db, ids).values()]


def checked(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]+)" checked', page)


def test_what_a_list_said_is_shown_and_what_i_answer_replaces_it(visit, services):
    here = visit(waiting_with_details)
    assert f'href="{here.home}topics"' in here.text()
    page = here.text("topics")
    assert checked(page, "offers") == ["everyday-tools"]
    assert checked(page, "languages") == ["da"]
    assert 'value="Asia/Karachi" selected' in page
    is_to_teach = page.index("What can you show?") < page.index("What would you like to learn?")
    role = "offers" if is_to_teach else "wants"
    other = {"offers": "wants", "wants": "offers"}[role]
    sent = {role: ["data", "generative-ai"], "level_data": "4", other: ["everyday-tools"], "capacity": "3"}
    assert here.post("topics", **sent, languages=["fr", "en"], time_zone="").status_code == 302
    answered = {
        role: (("data", 4), ("generative-ai", None)),
        other: (("everyday-tools", 3 if other == "offers" else None),),
    }
    expected = Details(
        3, department="Finance", manager="boss@example.org", languages=("fr", "en"), **answered
    )
    assert expected in known(services)
    with services.database.reading() as db:
        sent_out = db.scalars(sa.select(DeliveryBody.body)).all()
    assert not any("generative-ai" in str(body) or "Finance" in str(body) for body in sent_out)


@pytest.mark.parametrize(
    "wrong", [{"offers": "juggling"}, {"level_data": "9"}, {"time_zone": "Mars"}, {"capacity": "0"}]
)
def test_a_wrong_answer_is_refused_and_the_others_are_kept_on_the_page(visit, services, wrong):
    here = visit(situations.waiting)
    refused = here.post("topics", **{"wants": ["data"], **wrong})
    assert refused.status_code == 422
    assert checked(refused.text, "wants") == ["data"]
    assert set(known(services)) == {Details(1)}


def test_somebody_whom_a_list_has_named_is_invited_at_the_first_visit_and_says_yes(visit, services):
    here = visit(awaited)
    page = here.text()
    assert "as a mentor." in page
    assert page.index('id="choose-mentor"') < page.index('id="choose-mentee"')
    assert Details(2, department="IT") in known(services)
    with services.database.reading() as db:
        assert db.scalars(sa.select(AwaitedPerson)).all() == []
        [invited] = db.scalars(sa.select(Participant).where(Participant.status == "invited"))
    here.post("join", role="mentor")
    with services.database.reading() as db:
        assert db.get_one(Participant, invited.id).status == "onboarded"


def test_who_reads_the_topics_is_said_in_a_sentence(visit):
    assert "Read by your tutor, to choose partners." in visit(situations.waiting).text("topics")

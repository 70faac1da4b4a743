"""Somebody has left the course: what their partner and their tutor see, and what can be done."""

from __future__ import annotations

import html
import re

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.events.models import EventRow
from lti_tool.identity.models import Membership, Person
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.roles import Role
from tests.builder import situations
from tests.builder.cohorts import NAMES
from tests.web.tutor.test_cohort import person_id
from tests.web.visiting import Visit


def change(services: Services, name: str, *, active: bool | None = None, called: str | None = None) -> None:
    """A roster or a launch says this of a person, which is no event of the programme."""
    with services.database.transaction() as db:
        person = db.scalars(sa.select(Person).where(Person.name == name)).one()
        if active is not None:
            db.execute(sa.update(Membership).where(Membership.person_id == person.id).values(active=active))
        if called is not None:
            person.name, person.given_name = called, called.split()[0]


def seen_again(here: Visit, etag: str, below: str = "") -> tuple[int, str]:
    answer = here.get(below, headers={"If-None-Match": etag})
    return answer.status_code, html.unescape(answer.text)


@pytest.fixture
def mentor_name() -> str:
    return NAMES[Role.MENTOR]


def test_the_partner_is_told_at_the_next_look_and_no_longer_once_they_are_back(visit, services, mentor_name):
    here = visit(situations.under_way)
    gone = f"{mentor_name.split()[0]} is no longer in the course"
    etag = here.get().headers["ETag"]
    assert gone not in here.text()
    change(services, mentor_name, active=False)
    status, page = seen_again(here, etag)
    assert (status, gone in page) == (200, True)
    assert "Have you met" not in page
    change(services, mentor_name, active=True)
    assert seen_again(here, etag)[0] == 304


def test_what_the_partner_noted_before_they_left_can_still_be_confirmed(visit, services, mentor_name):
    here = visit(situations.to_confirm)
    change(services, mentor_name, active=False)
    page = here.text()
    assert "says you met" in page
    assert "no longer in the course" in page


def test_a_name_that_has_changed_is_shown_at_once(visit, services, mentor_name):
    here = visit(situations.under_way)
    etag = here.get().headers["ETag"]
    change(services, mentor_name, called="Camille Moreau-Petit")
    status, page = seen_again(here, etag)
    assert (status, "Camille Moreau-Petit" in page) == (200, True)


def test_the_tutor_sees_who_has_left_and_whose_partner_it_was(visit, services):
    page = visit(situations.tutor_of_leavers).text()
    assert f"has no mentor: {NAMES[Role.MENTOR]} left the course" in page
    assert "has no mentee: Françoise Le Goff left the course" in page
    # Since a list of the course last named them.
    assert page.count('<span class="need-days">for 5 days</span>') == 2
    left = page[page.index("<h3>Left the course</h3>") :]
    assert {NAMES[Role.MENTOR], "Françoise Le Goff"} <= set(re.findall("<bdi>([^<]*)</bdi>", left))


def test_the_tutors_open_page_shows_it_by_itself(visit, services):
    here = visit(situations.tutor)
    etag = here.get("cohort/live").headers["ETag"]
    change(services, "Yanis Haddad", active=False)
    status, page = seen_again(here, etag, "cohort/live")
    assert (status, "Yanis Haddad left the course" in page) == (200, True)


def test_whoever_was_left_alone_gets_another_partner_and_nothing_is_deleted(visit, services):
    here = visit(situations.tutor_of_leavers)
    page = here.text()
    assert "Inès Benali</option>" not in here.text("cohort/pairing")  # who has left

    def kept() -> tuple[int, int]:
        with services.database.reading() as db:
            return tuple(
                db.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in (Pair, EventRow)
            )

    pairs, events = kept()
    name = NAMES[Role.MENTEE]
    [search] = re.findall(rf'href="{here.home}(cohort/pairing\?partner_for=[^"#]*)">[^–]*– {name}<', page)
    offered = here.text(search)
    button = offered.index("Propose Léa")
    sent = dict(re.findall(r'name="(mentor_id|mentee_id)" value="([0-9a-f-]+)"', offered[:button])[-2:])
    assert here.post("cohort/pairs", **sent).status_code == 302
    page = here.text()
    assert "has no mentor" not in page
    assert "has no mentee: Françoise Le Goff left the course" in page
    assert kept() == (pairs + 1, events + 1)


def test_whoever_has_left_is_not_paired(visit, services):
    here = visit(situations.tutor)
    page = here.text("cohort/pairing")
    sent = {"mentee_id": person_id(page, "Marc Tessier"), "mentor_id": person_id(page, "Léa Nguyen")}
    change(services, "Léa Nguyen", active=False)
    answer = here.post("cohort/pairs", **sent)
    assert answer.status_code == 409
    assert "One of these two people is no longer in the course." in html.unescape(answer.text)

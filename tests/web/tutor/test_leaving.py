"""A tutor takes somebody out of the programme and back in, finds pairs that ended, and puts people aside."""

from __future__ import annotations

import html
import re

import sqlalchemy as sa

from lti_tool.events.models import EventRow
from lti_tool.identity.models import Person
from lti_tool.mentoring.enrolment.models import Participant
from tests.builder import leavers, situations
from tests.web.tutor.test_cohort import person_id
from tests.web.tutor.test_moving import said


def participant_page(here, services, name: str) -> str:
    with services.database.reading() as db:
        query = sa.select(Participant.id).join(Person, Person.id == Participant.person_id)
        return f"cohort/people/{db.scalars(query.where(Person.name == name)).one()}"


def test_a_tutor_takes_somebody_out_of_a_pair_and_back_in(visit, services):
    here = visit(situations.tutor)
    page = participant_page(here, services, "Yanis Haddad")
    assert f"{page}/take-out" in here.text(page)
    asked = said(here.text(f"{page}/take-out"))
    assert "The pair of Yanis Haddad and Françoise Le Goff will end and cannot be restored." in asked
    assert "Meetings, objectives and grades stay as they are." in asked
    refused = here.post(f"{page}/take-out", reason="boredom")
    none_is_chosen = 'id="reason-none" name="reason" value="" checked' in refused.text
    assert (refused.status_code, none_is_chosen) == (422, True)
    for _tap in range(2):
        answer = here.post(f"{page}/take-out", reason="left-organisation")
    assert "Taken out of the programme." in html.unescape(here.client.get(answer.location).text)
    # In no list, no figure and no choice of partners; the partner waits for another one.
    assert "Françoise Le Goff" in said(here.text("?state=alone"))
    assert "Yanis Haddad" not in here.text("cohort/pairing")
    out = said(here.text("?state=out"))
    assert re.search("Yanis Haddad Taken out of the programme on [^·]* · has left the company", out)
    ended = said(here.text("?state=ended"))
    assert "Françoise Le Goff and Yanis Haddad Ended on" in ended
    assert "(one of them has left the company)" in ended
    shown = said(here.text(page))
    assert "Reason: “Has left the company”" in shown
    assert "Only the tutors of this group and the owners of the programme see the reason." in shown
    assert "The pair with Françoise Le Goff" in shown
    for _tap in range(2):
        here.post(f"{page}/take-back-in")
    assert "Yanis Haddad" in said(here.text("?state=alone"))
    with services.database.reading() as db:
        kinds = list(db.scalars(sa.select(EventRow.kind)))
    assert (kinds.count("ParticipantTakenOut"), kinds.count("ParticipantTakenBackIn")) == (1, 1)


def test_whoever_was_taken_out_reads_so_without_fault_and_whom_to_write_to(visit, services):
    here = visit(leavers.taken_out)
    page = here.text()
    assert "You are no longer taking part" in page
    assert "You have done nothing wrong" in page
    assert "through your course." in page
    assert "Back to the course</a>" in page
    assert "Has left the company" not in page
    assert here.get("sessions").location == here.home
    answer = here.post("join", role="mentee")
    assert answer.status_code == 409
    assert "You are no longer taking part in this programme." in html.unescape(answer.text)
    assert "You are no longer taking part" in html.unescape(here.post("undo", step="joined").text)


def test_their_partner_reads_that_the_pair_has_ended_and_not_why(visit):
    page = visit(leavers.partner_of_taken_out).text()
    assert "has ended" in page
    assert "left the company" not in page


def test_a_tutor_puts_aside_who_will_take_no_part_and_takes_them_back(visit, services):
    here = visit(situations.tutor)
    with services.database.reading() as db:
        query = sa.select(Person.id).where(Person.name == "Sophie Garnier")
        known = str(db.scalars(query).one())
    where = next(each for each in ("no_role", "unopened") if "Sophie Garnier" in here.text(f"?state={each}"))
    assert "Mark as not taking part" in said(here.text(f"?state={where}"))
    assert person_id(here.text("cohort/pairing"), "Sophie Garnier") == known
    here.post("cohort/put-aside", person_id=known)
    assert "Sophie Garnier Will not take part" in said(here.text("?state=out"))
    assert "Sophie Garnier" not in here.text("cohort/pairing")
    assert "Sophie Garnier" not in here.text(f"?state={where}").partition("people-lines")[0]
    here.post("cohort/take-back", person_id=known)
    assert "Sophie Garnier" in here.text("cohort/pairing")
    with services.database.reading() as db:
        joined = db.scalars(sa.select(Participant.person_id)).first()
    assert here.post("cohort/put-aside", person_id=joined).status_code == 409

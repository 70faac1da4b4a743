"""Somebody who was invited by name says no in one act, is shown to the tutor, and can change their mind."""

from __future__ import annotations

import re

import sqlalchemy as sa

from lti_tool.events.models import EventRow
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.messaging.models import Delivery
from tests.builder import invitations


def test_an_invitation_is_refused_without_fault_and_taken_up_after_all(visit, services):
    here = visit(invitations.invited)
    assert here.link("refusal") == "refusal"
    assert here.post("refusal", reason="boredom").status_code == 422
    here.post("refusal", reason="no-time")
    shown = here.text()
    assert "You are not taking part" in shown
    assert "Your reason: “I do not have time”." in shown
    # Nothing of theirs is written while they take no part, and no statement was made of the refusal.
    assert here.get("about-me").location == here.home
    with services.database.reading() as db:
        assert db.scalars(sa.select(Delivery.id)).all() == []
        assert (
            db.scalars(sa.select(EventRow.kind).order_by(EventRow.sequence)).all()[-1] == "InvitationRefused"
        )
    here.post("join", role="mentee")
    assert "<dd>To learn</dd>" in here.text()
    with services.database.reading() as db:
        [row] = db.scalars(sa.select(Participant))
        assert (row.status, row.refused_at, row.refusal_reason) == ("onboarded", None, None)


def test_the_tutor_reads_the_refusal_until_they_note_it_and_finds_it_in_the_table_then(visit):
    here = visit(invitations.tutor_of_refused)
    line = "Reason: “I do not have time”"
    assert line in here.text()
    found = re.search(r'cohort/refusals".*?name="participant_id" value="([^"]+)"', here.text(), re.DOTALL)
    assert found
    person_id = found[1]
    here.post("cohort/refusals", participant_id=person_id)
    page = here.text()
    assert line not in page
    assert re.search(r"<h3>Not taking part</h3>.*Anne Roy", page, re.DOTALL)
    assert line in here.text(f"cohort/people/{person_id}")
    assert "Anne Roy" not in here.text("cohort/pairing")

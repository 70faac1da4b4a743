"""The tutor's page: people, pairs, and its live part."""

from __future__ import annotations

import datetime as dt
import html
import re

import pytest
import sqlalchemy as sa

from lti_tool.composition.audit.entries import Reader, Wanted, entries
from lti_tool.composition.services import Services
from lti_tool.identity.audit_policy import Subject
from lti_tool.identity.principal import CourseRole, Principal, PrincipalKind
from lti_tool.mentoring.completion.models import CompletionRecord
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.roles import Role
from lti_tool.web.tutor import cohort
from tests.builder import situations


def person_id(page: str, name: str) -> str:
    found = re.search(rf'<option value="([0-9a-f-]+)">{re.escape(name)}</option>', page)
    assert found, name
    return found[1]


def pairs(services: Services) -> int:
    with services.database.reading() as db:
        return db.scalar(sa.select(sa.func.count()).select_from(Pair)) or 0


def test_people_who_have_joined_are_paired_by_hand(visit, services):
    here = visit(situations.tutor)
    page = here.text("cohort/pairing")
    before = pairs(services)
    here.post(
        "cohort/pairs", mentee_id=person_id(page, "Marc Tessier"), mentor_id=person_id(page, "Léa Nguyen")
    )
    assert pairs(services) == before + 1


def test_people_who_have_never_come_are_paired_and_the_tutor_goes_on_with_who_waits(visit, services):
    here = visit(situations.tutor)
    page = here.text("cohort/pairing")
    answer = here.post(
        "cohort/pairs",
        mentee_id=person_id(page, "Sophie Garnier"),
        mentor_id=person_id(page, "Thomas Weber"),
    )
    page = here.client.get(answer.location).text
    assert "Proposed: Sophie Garnier and Thomas Weber." in page
    assert re.search(r"Choose a ment(or for Marc Tessier|ee for Léa Nguyen)", page)


def test_nobody_is_paired_with_themselves(visit, services):
    here = visit(situations.tutor)
    same = person_id(here.text("cohort/pairing"), "Sophie Garnier")
    answer = here.post("cohort/pairs", mentee_id=same, mentor_id=same)
    assert answer.status_code == 422
    assert "Choose two different people." in answer.text


def test_a_refused_pair_changes_nothing_at_all(visit, services):
    here = visit(situations.tutor)
    page = here.text("cohort/pairing")
    with services.database.reading() as db:
        before = db.scalar(sa.select(sa.func.count()).select_from(Participant))
    # A mentee stands where a mentor should: the newcomer is not joined either.
    answer = here.post(
        "cohort/pairs", mentee_id=person_id(page, "Sophie Garnier"), mentor_id=person_id(page, "Marc Tessier")
    )
    assert answer.status_code == 409
    assert "A pair needs one mentor and one mentee." in answer.text
    with services.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(Participant)) == before


def test_a_person_of_another_course_cannot_be_paired(visit):
    stranger = person_id(visit(situations.tutor).text("cohort/pairing"), "Sophie Garnier")
    here = visit(situations.tutor)
    answer = here.post(
        "cohort/pairs", mentee_id=stranger, mentor_id=person_id(here.text("cohort/pairing"), "Léa Nguyen")
    )
    assert answer.status_code == 409
    assert "not on the list of learners" in answer.text


@pytest.mark.parametrize("below", ["cohort/live", "preview/mentee"])
def test_a_learner_cannot_open_what_is_the_tutors(visit, below):
    assert visit(situations.under_way).get(below).status_code == 403


@pytest.mark.parametrize("below", ["cohort/pairs", "cohort/validate", "cohort/reopen"])
def test_a_learner_cannot_do_what_is_the_tutors(visit, below):
    assert visit(situations.under_way).post(below).status_code == 403


def test_the_live_part_says_nothing_when_nothing_has_changed(visit):
    here = visit(situations.tutor)
    etag = here.get("cohort/live").headers["ETag"]
    answer = here.get("cohort/live", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.data) == (304, b"")


def test_the_page_begins_with_the_etag_of_what_it_shows(visit):
    here = visit(situations.tutor)
    sent = re.search(r'data-etag="([^"]*)"', here.get().get_data(as_text=True))
    assert sent
    assert here.get("cohort/live").headers["ETag"] == html.unescape(sent[1])


def test_what_happens_while_the_page_is_made_is_asked_for_again(visit, services, monkeypatch):
    here = visit(situations.tutor)
    page = here.text("cohort/pairing")
    about = {
        "mentee_id": person_id(page, "Marc Tessier"), "mentor_id": person_id(page, "Léa Nguyen"),
        "csrf_token": here.csrf_token(),
    }  # fmt: skip
    read = cohort.overview_of
    pending = [True]

    def read_and_then_pair(db, cohort_id):
        shown = read(db, cohort_id)
        if pending.pop() if pending else False:
            tutor = here.client.application.test_client()
            assert tutor.post(here.home + "cohort/pairs", data=about).status_code == 302
        return shown

    monkeypatch.setattr(cohort, "overview_of", read_and_then_pair)
    live = here.get("cohort/live")
    assert "the pair with Léa Nguyen" not in html.unescape(live.text)
    again = here.get("cohort/live", headers={"If-None-Match": live.headers["ETag"]})
    assert again.status_code == 200
    assert "the pair with Léa Nguyen" in html.unescape(again.text)


def test_the_live_part_shows_a_new_pair(visit):
    here = visit(situations.tutor)
    page = here.text("cohort/pairing")
    etag = here.get("cohort/live").headers["ETag"]
    here.post(
        "cohort/pairs", mentee_id=person_id(page, "Marc Tessier"), mentor_id=person_id(page, "Léa Nguyen")
    )
    answer = here.get("cohort/live", headers={"If-None-Match": etag})
    assert answer.status_code == 200
    assert "the pair with Léa Nguyen" in answer.text


def test_a_meeting_that_nobody_confirmed_is_no_warning_once_a_pair_is_complete(visit):
    def met_once_more(situation):
        situation.open("demo")
        pair = situation.pair()
        situation.history(pair, 1)
        pair.session(by=Role.MENTOR, days_ago=1)
        situation.me = situation.person("Claire Fontaine", CourseRole.TUTOR)

    complete, under_way = visit(met_once_more).text(), visit(situations.tutor).text()
    assert ", not yet confirmed" in complete
    assert ("unagreed" in complete, "unagreed" in under_way) == (False, True)


def test_the_tutors_approval_completes_a_participant(visit, services):
    here = visit(situations.tutor_to_validate)
    page = here.text()
    assert "the last day has passed; pairs can still complete" in page
    about = re.search(r'name="participant_id" value="([0-9a-f-]+)"', page)
    assert about
    here.post("cohort/validate", participant_id=about[1], validated="yes")
    with services.database.reading() as db:
        assert sorted(db.scalars(sa.select(CompletionRecord.status))) == ["awaiting_tutor", "satisfied"]


def test_reopening_needs_a_reason(visit):
    here = visit(situations.tutor_of_complete)
    about = re.search(r"/people/([0-9a-f-]+)", here.text(here.link(r"cohort/pairs/[0-9a-f-]+")))
    assert about
    assert 'id="reopen-it"' in here.text(f"cohort/people/{about[1]}")
    answer = here.post("cohort/reopen", participant_id=about[1], reason="")
    assert (answer.status_code, 'id="reason-error"' in answer.text) == (422, True)


@pytest.mark.parametrize(
    ("below", "says"),
    [
        ("cohort/validate", "Nothing was approved: it was not clear whose journey you meant."),
        ("cohort/reopen", "Choose whose journey to reopen. Nothing was reopened."),
    ],
)
def test_a_decision_about_nobody_shows_the_group_again_and_asks_for_whom(visit, below, says):
    answer = visit(situations.tutor_of_complete).post(below)
    assert answer.status_code == 422
    assert says in answer.text
    assert "Paul Moreau" in answer.text


def test_reopening_with_a_reason_reopens(visit):
    here = visit(situations.tutor_of_complete)
    about = re.search(r"/people/([0-9a-f-]+)", here.text(here.link(r"cohort/pairs/[0-9a-f-]+")))
    assert about
    assert 'id="reopen-it"' in here.text(f"cohort/people/{about[1]}")
    answer = here.post("cohort/reopen", participant_id=about[1], reason="One meeting was counted twice")
    assert "Reopened." in here.client.get(answer.location).text


def test_the_tutor_reads_which_box_to_tick_when_grades_have_nowhere_to_go(visit):
    assert "Grades are not reaching your course yet" in visit(situations.tutor).text()


def test_the_tutor_reads_no_grade_advice_with_a_line_item(visit):
    assert "Grades are not reaching your course yet" not in visit(situations.tutor_alone).text()


def test_the_live_part_is_rendered_anew_for_events_of_its_own_cohort_alone(visit):
    here, other = visit(situations.tutor), visit(situations.tutor)
    etag = here.get("cohort/live").headers["ETag"]
    page = other.text("cohort/pairing")
    other.post(
        "cohort/pairs",
        mentor_id=person_id(page, "Léa Nguyen"),
        mentee_id=person_id(page, "Marc Tessier"),
    )
    assert here.get("cohort/live", headers={"If-None-Match": etag}).status_code == 304
    page = here.text("cohort/pairing")
    here.post(
        "cohort/pairs",
        mentor_id=person_id(page, "Léa Nguyen"),
        mentee_id=person_id(page, "Marc Tessier"),
    )
    assert here.get("cohort/live", headers={"If-None-Match": etag}).status_code == 200


def test_decisions_of_one_moment_stand_in_the_order_of_the_log(build, services):
    cohort = build.cohort("demo")
    build.clock.set(dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC))
    pairs = [cohort.pair(f"Mentor {n}", f"Mentee {n}").id for n in range(6)]
    with services.database.reading() as db:
        owner = Reader(
            Principal(kind=PrincipalKind.PERSON, organisation_id=cohort.course.platform.organisation_id),
            programme_id=cohort.programme.id,
            owns=True,
        )
        lines = entries(db, owner, Wanted(subject=Subject.PEOPLE), limit=50)
    assert [line.pair_id for line in lines] == pairs[::-1]

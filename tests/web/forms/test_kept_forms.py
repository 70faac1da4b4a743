"""A form that is sent after its session has expired: kept for its person alone, offered once, and gone after a day."""

from __future__ import annotations

import datetime as dt
import html
import re
import uuid

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.encryption import Vault
from lti_tool.identity.models import Course
from lti_tool.lti.expiry import delete_expired_rows
from lti_tool.lti.forms.kept import KEPT_FOR, MOST_BYTES, MOST_FORMS
from lti_tool.lti.forms.models import KeptForm
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.mentoring.objectives.models import Objective
from tests.builder import add_link, situations
from tests.builder.launches import SECRET
from tests.forms import form_with, forms_of
from tests.web.forms.typed import OBJECTIVE, expire, filled, form_of, launch_again, launch_of, value_of
from tests.web.visiting import Visit

TITLE = OBJECTIVE["title"]
KEPT, LOST = "What you typed will be there, ready to send", "could not be kept"


def kept(services: Services) -> list[KeptForm]:
    with services.database.reading() as db:
        return list(db.scalars(sa.select(KeptForm)))


def send_late(services: Services, here: Visit, **changes: str):
    """Fill in an objective, let the session expire, and send it."""
    action, fields = filled(here, "objectives", "objective", **OBJECTIVE)
    expire(services, here)
    return here.client.post(action, data={**fields, **changes})


@pytest.fixture
def late(visit, services) -> Visit:
    """Somebody whose objective was kept."""
    here = visit(situations.begins)
    answer = send_late(services, here)
    assert (answer.status_code, KEPT in answer.text) == (410, True)
    return here


def taken_up(here: Visit):
    """Press “Continue with it” on the first page of a launch."""
    page = here.text()
    action, inside = re.search(
        r'<form method="post" action="([^"]+)">((?:(?!</form>).)*name="form_kept".*?)</form>', page, re.DOTALL
    ).groups()
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', inside))
    digest = re.search(r'name="form_kept" value="([^"]+)"', inside)[1]
    return here.client.post(action, data={**fields, "form_kept": digest})


def test_a_form_sent_late_is_kept_encrypted_and_changes_nothing(late, services):
    [row] = kept(services)
    assert TITLE.encode() not in row.content
    assert SECRET.encode() not in services.vault.open(row.content)
    assert b"csrf_token" not in services.vault.open(row.content)
    with services.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(Objective)) == 0


def test_the_page_says_for_how_long_it_is_kept(visit, services):
    assert (
        "We keep it, encrypted, for about a day and show it to you once."
        in send_late(services, visit(situations.begins)).text
    )
    assert dt.timedelta(hours=23) == KEPT_FOR


def test_the_next_launch_offers_it(late, services):
    page = launch_again(services, late).text()
    assert "Not saved yet: an objective" in page
    assert "Continue with it" in page


def test_going_on_shows_the_form_as_it_was_and_does_nothing(late, services):
    again = launch_again(services, late)
    page = taken_up(again)
    assert page.status_code == 200
    assert value_of(page.text, "title") == TITLE
    assert re.search(r'value="culture" checked', page.text)
    with services.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(Objective)) == 0


def test_once_it_is_taken_up_it_is_deleted(late, services):
    again = launch_again(services, late)
    taken_up(again)
    assert kept(services) == []
    assert "Not saved yet" not in again.text()


def test_the_form_that_was_taken_up_can_be_sent(late, services):
    again = launch_again(services, late)
    [form] = [form for form in forms_of(taken_up(again)) if form.attributes.get("id") == "objective"]
    assert again.client.post(form.action, data=form.fields).status_code == 302
    with services.database.reading() as db:
        assert db.scalars(sa.select(Objective.title)).all() == [TITLE]


def test_declining_deletes_it(late, services):
    again = launch_again(services, late)
    digest = re.search(r'name="kept" value="([0-9a-f]{64})"', again.text())[1]
    assert again.post("kept-forms/decline", kept=digest).status_code == 302
    assert kept(services) == []


def test_declining_twice_changes_nothing(late, services):
    assert launch_again(services, late).post("kept-forms/decline", kept="0" * 64).status_code == 302
    assert len(kept(services)) == 1


@pytest.mark.parametrize("digest", ["", "x", "0" * 63])
def test_declining_nothing_is_refused(visit, digest):
    assert visit(situations.begins).post("kept-forms/decline", kept=digest).status_code == 400


@pytest.mark.parametrize("digest", ["", "x", "\0", "0" * 63, "0" * 65])
def test_going_on_with_nothing_is_refused(visit, digest):
    assert visit(situations.begins).post("objectives", form_kept=digest, **OBJECTIVE).status_code == 400


def test_the_offer_stands_while_its_launch_does(late, services):
    again = launch_again(services, late)
    assert all("Not saved yet" in again.text() for _ in range(2))


def test_a_later_launch_does_not_offer_it_again(late, services):
    launch_again(services, late)
    assert "Not saved yet" not in launch_again(services, late).text()


def test_the_first_page_of_a_later_launch_deletes_it(late, services):
    first = launch_again(services, late)
    assert ("Not saved yet" in first.text(), len(kept(services))) == (True, 1)
    launch_again(services, late).text()
    assert kept(services) == []


def test_a_launch_that_was_there_before_does_not_offer_it(visit, services):
    here = visit(situations.begins)
    other = launch_again(services, here)
    send_late(services, here)
    assert "Not saved yet" not in other.text()


def test_it_is_offered_to_nobody_else(late, services):
    with services.database.transaction() as db:
        launch = db.get_one(LaunchSession, launch_of(late))
        partner = db.scalar(
            sa.text("SELECT person_id FROM participant WHERE person_id != :me").bindparams(
                sa.bindparam("me", launch.person_id, sa.Uuid())
            )
        )
    other = launch_again(services, late, person_id=uuid.UUID(str(partner)))
    assert "Not saved yet" not in other.text()
    digest = kept(services)[0].digest
    assert other.post("kept-forms/decline", kept=digest).status_code == 302
    other.post("objectives", form_kept=digest, **OBJECTIVE)
    assert len(kept(services)) == 1


def test_it_is_not_offered_in_another_course(late, visit, services):
    elsewhere = visit(situations.begins)
    with services.database.reading() as db:
        theirs = db.get_one(LaunchSession, launch_of(elsewhere))
        place = {"course_id": theirs.course_id, "resource_link_id": theirs.resource_link_id}
    assert "Not saved yet" not in launch_again(services, late, **place).text()
    assert "Not saved yet" in launch_again(services, late).text()


def test_it_is_not_offered_in_another_activity_of_the_course(late, services):
    with services.database.transaction() as db:
        launch = db.get_one(LaunchSession, launch_of(late))
        link = add_link(db, db.get_one(Course, launch.course_id), "another")
    assert "Not saved yet" not in launch_again(services, late, resource_link_id=link.id).text()


def test_it_is_gone_after_a_day(late, services):
    with services.database.transaction() as db:
        db.execute(sa.update(KeptForm).values(expires_at=utcnow()))
    assert "Not saved yet" not in launch_again(services, late).text()


def test_housekeeping_deletes_it_within_a_day(late, services):
    sent = kept(services)[0].created_at
    with services.database.transaction() as db:
        delete_expired_rows(db, sent + dt.timedelta(hours=22, minutes=59))
    assert len(kept(services)) == 1
    with services.database.transaction() as db:
        # The housekeeping runs once an hour: what it finds in its last run before the day is over.
        delete_expired_rows(db, sent + dt.timedelta(hours=23, seconds=1))
    assert kept(services) == []


def test_a_form_without_the_token_of_its_session_is_not_kept(visit, services):
    answer = send_late(services, visit(situations.begins), csrf_token="f" * 64)
    assert (answer.status_code, LOST in answer.text) == (410, True)
    assert kept(services) == []


def test_a_form_without_the_secret_of_its_session_is_not_kept(visit, services):
    here = visit(situations.begins)
    action, fields = filled(here, "objectives", "objective", **OBJECTIVE)
    expire(services, here)
    for secret in ("", "." + "t" * 43):
        answer = here.client.post(action.replace(f".{SECRET}", secret), data=fields)
        assert answer.status_code == 403
        assert "Nothing was changed." in answer.text
    assert kept(services) == []


def test_a_form_that_is_too_large_is_not_kept(visit, services):
    answer = send_late(services, visit(situations.begins), title="x" * MOST_BYTES)
    assert LOST in answer.text
    assert kept(services) == []


def test_no_more_than_a_few_are_kept(visit, services):
    here = visit(situations.begins)
    action, fields = filled(here, "objectives", "objective", **OBJECTIVE)
    expire(services, here)
    answers = [
        here.client.post(action, data={**fields, "title": f"Objectif {number}"}).text
        for number in range(MOST_FORMS + 1)
    ]
    assert [KEPT in answer for answer in answers] == [True] * MOST_FORMS + [False]
    assert LOST in answers[-1]
    assert len(kept(services)) == MOST_FORMS


def test_the_same_form_sent_late_twice_is_kept_once(visit, services):
    here = visit(situations.begins)
    action, fields = filled(here, "objectives", "objective", **OBJECTIVE)
    expire(services, here)
    assert all(KEPT in here.client.post(action, data=fields).text for _ in range(2))
    assert len(kept(services)) == 1


def test_a_form_that_was_saved_and_is_sent_again_late_is_said_to_be_saved(visit, services):
    here = visit(situations.begins)
    action, fields = filled(here, "objectives", "objective", **OBJECTIVE)
    here.client.post(action, data=fields)
    expire(services, here)
    answer = here.client.post(action, data=fields)
    assert (answer.status_code, "was saved before" in answer.text) == (410, True)
    assert kept(services) == []


def test_a_button_is_not_kept_and_the_page_says_so(visit, services):
    here = visit(situations.waiting)
    token = here.csrf_token()
    expire(services, here)
    answer = here.client.post(here.home + "role", data={"csrf_token": token, "role": "mentor"})
    assert LOST in answer.text
    assert kept(services) == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_page_is_in_the_language_of_the_session(visit, services, method):
    here = visit(situations.begins, locale="fr")
    expire(services, here)
    answer = here.client.open(here.home + "objectives", method=method, headers={"Accept-Language": "en"})
    assert "Votre session a expiré" in answer.text


def test_a_page_that_was_only_opened_promises_nothing(visit, services):
    here = visit(situations.begins)
    expire(services, here)
    page = here.text()
    assert "What you saved is kept." in page
    assert "entered" not in page


def test_a_page_of_a_session_that_is_no_more_does_not_blame_another_browser(visit, services):
    here = visit(situations.begins)
    action, fields = filled(here, "objectives", "objective", **OBJECTIVE)
    with services.database.transaction() as db:
        db.execute(sa.delete(LaunchSession))
    answer = here.client.post(action, data=fields)
    assert answer.status_code == 403
    assert "it was not saved" in answer.text


def test_switching_the_language_late_keeps_the_form_too(visit, services):
    here = visit(situations.begins)
    assert KEPT in send_late(services, here, form_language="fr").text
    assert TITLE in html.unescape(taken_up(launch_again(services, here)).text)


def test_a_kept_form_of_another_secret_key_is_not_offered(late, services):
    with services.database.transaction() as db:
        db.execute(
            sa.update(KeptForm).values(content=Vault("another secret key, long enough too").seal(b"{}"))
        )
    again = launch_again(services, late)
    assert again.get().status_code == 200
    assert "Not saved yet" not in again.text()


def test_a_choice_of_content_is_kept_and_offered_in_the_picker(picker, services):
    page = picker.open()
    with services.database.transaction() as db:
        db.execute(sa.update(LaunchSession).values(expires_at=utcnow()))
    assert KEPT in picker.choose(page, title="Mon titre").text
    assert "Not saved yet: an activity for a course" in html.unescape(picker.open().text)


def test_a_form_from_another_browser_is_not_kept(picker, services, new_browser):
    """Where the session goes by cookie, the address is no secret."""
    form = form_with(picker.open(), "title")
    with services.database.transaction() as db:
        db.execute(sa.update(LaunchSession).values(expires_at=utcnow()))
    answer = new_browser().post(form.action, data=form.fields)
    assert (answer.status_code, picker.reasons()) == (403, [("session", "session_of_another_browser")])
    assert kept(services) == []


def test_what_is_offered_is_text_whatever_it_holds(visit, services):
    here = visit(situations.begins)
    send_late(services, here, title='"><script>alert(1)</script>')
    assert "<script>alert" not in launch_again(services, here).get().text


def test_the_form_that_was_kept_has_one_effect_with_the_one_that_arrived(visit, services):
    """The answer of the first was lost, and the person goes on with what was kept of a changed one."""
    here = visit(situations.begins)
    send_late(services, here)
    again = launch_again(services, here)
    [form] = [form for form in forms_of(taken_up(again)) if form.attributes.get("id") == "objective"]
    for _ in range(2):
        again.client.post(form.action, data=form.fields)
    with services.database.reading() as db:
        assert len(db.scalars(sa.select(Objective.id)).all()) == 1


def test_the_offer_has_a_token_of_the_present_session(late, services):
    again = launch_again(services, late)
    token = form_of(again, "objectives", "objective").fields["csrf_token"]
    assert f'name="csrf_token" value="{token}"' in again.text()

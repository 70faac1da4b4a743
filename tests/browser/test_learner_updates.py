"""A learner's open page follows what the partner does, keeps the focus, and says when it cannot any more."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from lti_tool.composition.transaction import transaction
from lti_tool.database import utcnow
from lti_tool.identity.principal import TOOL
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.mentoring.enrolment.models import Participant
from lti_tool.mentoring.pairs.actions import accept_pair, sign_agreement
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.mentoring.roles import Role
from lti_tool.mentoring.sessions.actions import confirm_session
from lti_tool.mentoring.sessions.models import MentoringSession
from tests.browser.chromium import TIMEOUT
from tests.browser.served_tool import ServedTool
from tests.builder import situations
from tests.builder.situation import Situation
from tests.requirements import needs_chromium

pytestmark = needs_chromium


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A phone's tab."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    context.set_default_timeout(TIMEOUT)
    yield context.new_page()
    context.close()


def pair_of(db: Session, home: str) -> Pair:
    """The pair of whoever has this first page, among those of the other tests."""
    session_id = uuid.UUID(home.partition("/l/")[2].partition(".")[0])
    return db.scalars(
        sa.select(Pair)
        .join(Participant, Participant.id.in_([Pair.mentor_id, Pair.mentee_id]))
        .join(LaunchSession, LaunchSession.person_id == Participant.person_id)
        .where(LaunchSession.id == session_id)
    ).one()


def test_what_the_partner_does_shows_in_place(served_tool: ServedTool, page: Page) -> None:
    home = served_tool.build_situation(situations.waits_for_acceptance, "en", again=True)
    page.goto(home)
    page.evaluate("window.sameDocument = true")
    expect(page.locator("#next")).to_contain_text("Inès has not answered yet")
    with transaction(served_tool.services, TOOL) as db:
        pair = pair_of(db, home)
        accept_pair(db, pair_id=pair.id, by=pair.mentor_id, now=utcnow())
    expect(page.locator("#next")).to_contain_text("Sign your agreement with Inès")
    assert page.evaluate("window.sameDocument === true")


def test_a_message_that_comes_with_an_update_can_be_copied(served_tool: ServedTool, page: Page) -> None:
    home = served_tool.build_situation(situations.waits_for_signature, "en", again=True)
    page.goto(home)
    with transaction(served_tool.services, TOOL) as db:
        pair = pair_of(db, home)
        sign_agreement(db, pair_id=pair.id, by=pair.mentor_id, now=utcnow())
    expect(page.locator("#next")).to_contain_text("Suggest a day for your first meeting")
    page.get_by_role("button", name="Copy the message").click()
    expect(page.locator("#first-date-said")).to_have_text("Copied")


def test_a_page_that_completes_while_it_is_open_offers_words_of_thanks(
    served_tool: ServedTool, page: Page
) -> None:
    def last_meeting(situation: Situation) -> None:
        situation.open("demo")
        pair = situation.pair()
        pair.session(by=Role.MENTEE, days_ago=2)
        situation.me = pair.mentee.person

    home = served_tool.build_situation(last_meeting, "en", again=True)
    page.goto(home)
    with transaction(served_tool.services, TOOL) as db:
        pair = pair_of(db, home)
        logged = db.scalars(sa.select(MentoringSession).where(MentoringSession.pair_id == pair.id)).one()
        confirm_session(db, session_id=logged.id, by=pair.mentor_id, now=utcnow())
    page.get_by_role("button", name="It was a pleasure to meet you. Thank you!").click()
    expect(page.get_by_label("Your message (optional)")).to_have_value(
        "It was a pleasure to meet you. Thank you!"
    )


def test_a_lost_connection_is_said_until_it_is_back(served_tool: ServedTool, page: Page) -> None:
    page.goto(served_tool.build_situation(situations.nothing_waits, "en", again=True))
    notice = page.locator("#connection")
    expect(notice).to_be_hidden()
    page.context.set_offline(True)
    expect(notice).to_contain_text("Not connected since")
    page.context.set_offline(False)
    expect(notice).to_be_hidden()


def test_a_form_says_what_becomes_of_what_is_typed(served_tool: ServedTool, page: Page) -> None:
    """While the tool does not answer, and once the session is over; nothing typed is lost either time."""
    home = served_tool.build_situation(situations.begins, "en", again=True)
    page.clock.install()
    page.goto(home + "objectives")
    notice, title = page.locator("#connection"), page.locator("#title")
    page.route("**/session", lambda route: route.abort())
    title.fill("Read a")
    page.clock.run_for(20_000)
    expect(notice).to_contain_text("What you have typed stays here")
    page.unroute("**/session")
    title.fill("Read a balance")
    expect(notice).to_be_hidden()
    served_tool.expire(home)
    page.clock.run_for(20_000)
    expect(notice).to_contain_text("Send what you have typed: it is kept")
    title.fill("Read a balance sheet")
    page.locator("#objective .btn-primary").click()
    expect(page.locator("main")).to_contain_text("What you typed will be there, ready to send")


def test_a_page_whose_session_is_over_shows_nothing_any_more(served_tool: ServedTool, page: Page) -> None:
    home = served_tool.build_situation(situations.nothing_waits, "en", again=True)
    page.goto(home)
    served_tool.expire(home)
    expect(page.locator("h1")).to_contain_text("Your session has expired")

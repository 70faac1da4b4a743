"""The group's page: figures, search, order, pages, the panel; what a tutor changes about a pair; hostile names."""

from __future__ import annotations

import html
import re
import uuid
from dataclasses import replace

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.database import utcnow
from lti_tool.events.models import EventRow
from lti_tool.identity.models import Person
from lti_tool.identity.principal import CourseRole
from lti_tool.mentoring.completion.models import CompletionRecord, TutorValidation
from lti_tool.mentoring.pairs.models import Pair
from lti_tool.web.tutor.print_list import listed_name
from tests.builder import situations
from tests.builder.crowd import add_crowd
from tests.builder.situations import Situation
from tests.mentoring.overview.cohorts import person
from tests.web.visiting import Visit

ROWS = re.compile(r'data-pair="([0-9a-f-]+)"')


def crowd(situation: Situation) -> None:
    """A tutor of a thousand people, in 500 pairs and three more."""
    situations.tutor(situation)
    assert situation.cohort is not None
    add_crowd(situation.db, situation.cohort, 1000)


def rows(here: Visit, below: str = "") -> list[str]:
    return ROWS.findall(here.text(below))


def test_a_thousand_people_are_paged_and_every_pair_is_shown_once(visit) -> None:
    here = visit(crowd)
    shown = [pair for number in range(1, 12) for pair in rows(here, f"?page={number}&sort=mentee")]
    assert len(shown) == len(set(shown)) == 503
    assert len(rows(here)) == 50
    assert rows(here, "?page=99") == rows(here, "?page=11")


def test_the_search_is_made_among_all_pages(visit) -> None:
    assert len(rows(visit(crowd), "?q=person+0%34%32")) == 5  # 042, in 0042 and 0420 to 0429, two by two


def test_the_figures_are_the_filters_and_count_all(visit) -> None:
    here = visit(situations.tutor)
    page = here.text("?q=zzz")
    figures = dict(re.findall(r'id="figure-(\w+)"[^>]*><b>(\d+)</b>', page))
    assert figures == {
        "all": "3", "proposed": "0", "sign": "1", "under_way": "2", "paused": "0", "complete": "0",
        "alone": "2", "no_role": "2", "unopened": "0",
    }  # fmt: skip
    assert "No match for “zzz”." in page
    assert len(rows(here, "?state=sign")) == 1
    assert len(rows(here, "?state=under_way")) == 2
    assert "10 people: 6 in pairs, 2 without a partner, 2 without a role" in page


def test_pairing_is_the_main_action_only_while_there_are_two_to_pair(visit) -> None:
    main = 'class="btn btn-primary" id="pair-people"'
    assert main in visit(situations.tutor).text()
    assert main not in visit(situations.tutor_to_validate).text()


def test_a_group_whose_last_day_has_passed_says_so_in_every_form_of_its_head(visit) -> None:
    going_on, complete = (
        visit(situations.tutor_to_validate).text(),
        visit(situations.tutor_of_complete).text(),
    )
    assert "the last day has passed; pairs can still complete" in going_on
    assert "<strong>the last day has passed</strong>" in complete
    for page in (going_on, complete):
        assert re.search(r"<summary>\d+ people; ended on [^<]+</summary>", page)


@pytest.mark.parametrize(
    "query", ["?state=king&sort=x&page=-1&inbox=no&pair=1", "?q=" + "x" * 5000, "?q=%00", "?page=1e9"]
)
def test_a_query_that_cannot_be_read_is_left_out(visit, query: str) -> None:
    assert len(rows(visit(situations.tutor), query)) == 3


def test_the_panel_has_an_address_and_no_words_of_the_pair(visit) -> None:
    here = visit(situations.tutor)
    [pair] = set(rows(here, "?q=moreau"))
    for below in (f"?pair={pair}", f"cohort/pairs/{pair}"):
        page = here.text(below)
        assert "4 of 6 meetings confirmed" in page
        assert "Rédiger des consignes" not in page
    assert "panel-title" not in here.text(f"?pair={here.home[-36:]}")


def test_hostile_and_very_long_names_are_text(visit, services) -> None:
    here = visit(situations.tutor)
    hostile = "<script>alert('x')</script>" + "أ" * 180
    with services.database.transaction() as db:
        db.execute(
            sa.update(Person).where(Person.name == "Bernard Lefèvre").values(name=hostile, given_name="<b>")
        )
    [pair] = re.findall(r'href="([^"]*)"[^>]*data-pair', here.get("?q=alert").get_data(as_text=True))
    for page in (
        "",
        f"?pair={pair[-36:]}",
        "cohort/list/",
        "cohort/pairing",
        f"cohort/message/pair/{pair[-36:]}/unsigned",
    ):
        answer = here.get(page)
        assert answer.status_code == 200
        text = answer.get_data(as_text=True)
        assert "<script>alert" not in text
        assert ("&lt;script&gt;alert" in text) == (page != "cohort/pairing")


def changes(services: Services) -> list[str]:
    with services.database.reading() as db:
        return list(db.scalars(sa.select(EventRow.kind).order_by(EventRow.sequence.desc()).limit(1)))


def test_a_pair_is_paused_and_let_go_on(visit, services) -> None:
    here = visit(situations.tutor)
    pair = rows(here, "?state=under_way")[0]
    assert "paused" in here.text(f"cohort/pairs/{pair}/pause")
    assert here.post(f"cohort/pairs/{pair}/pause", until="2020-01-31").status_code == 422
    today = utcnow().date()
    answer = here.post(f"cohort/pairs/{pair}/pause", until=today.isoformat())
    # The day has come: nothing goes on by itself, and the list asks.
    page = here.text()
    assert "were due to pause until" in page
    assert re.search(rf'<a [^>]*id="need-pause_over-{pair}"[^>]*/cohort/pairs/{pair}/resume"', page)
    assert "Paused until" in page
    assert "The pair is paused." in here.client.get(answer.location).text
    assert rows(here, "?state=paused") == [pair]
    assert "</svg> paused</span>" in here.text("cohort/list/")
    here.post(f"cohort/pairs/{pair}/resume")
    assert changes(services) == ["PairResumed"]
    assert rows(here, "?state=paused") == []
    assert "</svg> paused</span>" not in here.text("cohort/list/")


def test_a_pair_is_ended_without_fault_and_both_are_free(visit, services) -> None:
    here = visit(situations.tutor)
    [unmet] = rows(here, "?state=sign")
    page = here.text(f"cohort/pairs/{unmet}/end")
    assert ("They have not met yet." in page, "They have done what they set out to do" in page) == (
        True,
        False,
    )
    pair = rows(here, "?state=under_way")[0]
    page = here.text(f"cohort/pairs/{pair}/end")
    assert ("Their meetings are kept." in page, "They have done what they set out to do" in page) == (
        True,
        True,
    )
    assert here.post(f"cohort/pairs/{pair}/end", reason="").status_code == 422
    here.post(f"cohort/pairs/{pair}/end", reason="time")
    assert pair not in rows(here)
    assert "This pair has ended." in here.text(f"cohort/pairs/{pair}")
    with services.database.reading() as db:
        assert db.get_one(Pair, uuid.UUID(pair)).end_reason == "time"


def test_somebody_without_a_pair_is_written_to_about_their_search(visit) -> None:
    here = visit(situations.tutor)
    person = here.text(here.link(r"cohort/people/[0-9a-f-]+"))
    message = here.text(
        here.link(r"cohort/message/person/[0-9a-f-]+", here.link(r"cohort/people/[0-9a-f-]+"))
    )
    [name] = re.findall(r"Write to (\w+)</a>", person)
    assert f"Hello {name}," in message
    assert "and waiting for a partner" in message


def test_where_everybody_has_completed_what_comes_next_is_offered(visit) -> None:
    page = visit(situations.tutor_of_complete).text()
    offered = page[page.index('class="next-steps"') :].partition("</ul>")[0]
    assert re.findall(">([^<]+)</a>", offered) == [
        "See the decisions",
        "Open another group",
    ]
    assert 'id="sort"' not in page  # of one pair
    # A grade that waits comes first here, and nothing else is offered.
    waits = visit(situations.tutor_of_grades).text()
    assert 'class="next-steps"' not in waits
    assert '<option value="waits" selected>' in waits


def test_another_partner_is_chosen_after_the_pair_has_ended(visit) -> None:
    here = visit(situations.tutor)
    [pair] = set(rows(here, "?q=moreau"))
    asked = here.text(f"cohort/pairs/{pair}/another")
    of_mentee, of_mentor = re.findall(r'name="role" value="(?:mentee|mentor)".*?</label>', asked, re.DOTALL)
    assert "Free to teach: Léa Nguyen<" in of_mentee
    assert "Free to learn: Marc Tessier<" in of_mentor
    answer = here.post(f"cohort/pairs/{pair}/another", role="mentee", reason="match")
    assert "/cohort/pairing?partner_for=" in answer.location
    page = html.unescape(here.client.get(answer.location).text)
    assert "Choose a mentor for Paul Moreau" in page
    assert "Propose Léa" in page


@pytest.mark.parametrize("change", ["pause", "resume", "end", "another"])
def test_another_cohorts_pair_and_a_learner_are_refused(visit, change: str) -> None:
    other = rows(visit(situations.tutor))[0]
    assert visit(situations.tutor).get(f"cohort/pairs/{other}/{change}").status_code == 404
    assert visit(situations.under_way).get(f"cohort/pairs/{other}/{change}").status_code in (403, 404)


def test_an_approval_is_taken_back_until_it_has_completed_somebody(visit, services) -> None:
    here = visit(unfinished_and_approved)
    pair_page = here.text(here.link(r"cohort/pairs/[0-9a-f-]+"))
    person = re.search(r'cohort/people/([0-9a-f-]+)(?=">.*Paul Moreau)', pair_page)
    assert person
    assert "Withdraw the approval" in here.text(person[0])
    here.post("cohort/approval", participant_id=person[1])
    with services.database.reading() as db:
        assert db.scalars(sa.select(TutorValidation)).all() == []
    assert "Approve now" in here.text(person[0])


def unfinished_and_approved(situation: Situation) -> None:
    """A tutor who has approved somebody that has not met anybody yet."""
    situations.tutor_validates(situation)
    situation.pair().mentee.approve()
    situations.look_as_tutor(situation)


def test_an_approval_that_has_completed_somebody_stays(visit, services) -> None:
    here = visit(situations.tutor_to_validate)
    found = re.search(r'name="participant_id" value="([0-9a-f-]+)"', here.text())
    assert found
    here.post("cohort/validate", participant_id=found[1], validated="yes")
    answer = here.post("cohort/approval", participant_id=found[1])
    assert answer.status_code == 409
    with services.database.reading() as db:
        assert "satisfied" in db.scalars(sa.select(CompletionRecord.status)).all()


def test_the_printed_list_has_everybody_on_one_page(visit) -> None:
    page = visit(crowd).text("cohort/list/")
    assert page.count("<tr><th") == 504
    # Whoever prints it has columns with heads; on a phone each name says what its person does.
    assert page.count("learns</span>") == page.count("teaches</span>") == 503
    assert "Sophie Garnier" in page


def test_an_invitation_names_the_activity_and_whom_it_is_for(visit) -> None:
    page = visit(situations.tutor).text("cohort/message/invitation")
    assert "in the course “Cultures numériques”" in page
    assert "Sophie Garnier, Thomas Weber" in page
    assert "mailto:" not in page  # the platform gave no address of theirs
    assert "your own mail program" not in page


def test_a_message_opens_in_the_mail_where_every_address_is_known(visit, services) -> None:
    here = visit(situations.tutor)
    with services.database.transaction() as db:
        db.execute(sa.update(Person).where(Person.name == "Sophie Garnier").values(email="s@example.org"))
        db.execute(sa.update(Person).where(Person.name == "Thomas Weber").values(email="t@example.org"))
    page = here.text("cohort/message/invitation")
    assert "s@example.org, t@example.org" in page
    assert 'href="mailto:?bcc=s@example.org,t@example.org' in page


def test_the_search_finds_people_without_a_pair_too(visit) -> None:
    page = visit(situations.tutor).text("?q=sophie")
    assert "1 person without a pair has this name: see below." in page
    assert ("Sophie Garnier" in page, "Thomas Weber" in page) == (True, False)


def test_a_reminder_is_put_on_a_page_once_in_two_days_and_the_line_says_since_when(visit) -> None:
    here = visit(situations.tutor)
    reminder = here.link("cohort/reminder/pair/[0-9a-f-]+")
    page = here.text()
    assert "Remind Bernard" in page
    assert "Reminder shown" not in page
    answer = here.post(reminder)
    assert "The reminder stands on their first page" in here.client.get(answer.location).text
    page = here.text()
    assert "Remind Bernard" not in page
    assert "Reminder shown since today" in page
    refused = here.post(reminder, form_key=uuid.uuid4())
    assert refused.status_code == 409
    assert "less than two days" in refused.text


def test_everybody_whom_a_line_is_about_is_reminded_at_once(visit, services) -> None:
    here = visit(situations.tutor)
    message = here.text("cohort/message/all/unsigned")
    assert "Remind Bernard" in message
    assert (
        "You will find the programme under “Reverse mentoring” in the course “Cultures numériques”."
        in message
    )
    here.post("cohort/reminder/all/unsigned")
    assert changes(services) == ["TutorReminded"]
    assert "Remind Bernard" not in here.text("cohort/message/all/unsigned")
    assert here.post("cohort/reminder/all/alone", form_key=uuid.uuid4()).status_code == 404


def declined(situation: Situation) -> None:
    """A tutor of two who wait again, of whom the one who teaches has said “not this time”."""
    situation.open()
    pair = situation.pair("Marc Tessier", "Léa Nguyen", signed="", accepted="")
    pair.decline(pair.mentor, reason="other-topics")
    situation.me = situation.person("Claire Fontaine", CourseRole.TUTOR)


def test_why_a_proposal_was_declined_stands_where_partners_are_chosen(visit) -> None:
    here = visit(declined)
    said = "Léa Nguyen said “not this time” to Marc Tessier on "
    for_marc, person = here.link('cohort/pairing[?]partner_for=[^"]+'), here.link('cohort/people/[^"]+')
    for below in ("", "cohort/pairing", for_marc, person):
        page = here.text(below)
        assert said in page
        assert "“I would rather work on other topics”" in page


def test_the_printed_list_has_names_as_the_alphabet_does() -> None:
    lines = [person("Marie de La Rochefoucauld"), person("Léa"), person("Jean d’Arcy")]
    assert [
        listed_name(replace(line, family_name=family))
        for line, family in zip(lines, ("de La Rochefoucauld", None, "d’Arcy"), strict=True)
    ] == ["<b>La Rochefoucauld</b>, Marie de", "<b>Léa</b>", "<b>Arcy</b>, Jean d’"]

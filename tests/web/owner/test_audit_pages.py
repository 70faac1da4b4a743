"""The audit on its pages: sentences with the names of today, filters, pages, and to participants their own acts."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.events.models import AuditEntry, EventRow
from lti_tool.identity.models import Person
from lti_tool.web.owner import audit, audit_runs
from tests.builder import setting_up, situations
from tests.web.programmes.test_set_up import save
from tests.web.visiting import Visit

Come = Callable[..., Visit]
PAGE = "programme/audit"


def sentences(here: Visit, below: str = PAGE) -> list[str]:
    """What the page says, without its markup."""
    found = re.findall(r'<span class="decision">(.*?)</span>', here.get(below).get_data(as_text=True))
    return [html.unescape(re.sub(r"<[^>]+>", "", each)) for each in found]


def pair_two(here: Visit) -> None:
    """The tutor pairs two people."""
    page = here.text("cohort/pairing")
    ids = [
        re.search(rf'<option value="([0-9a-f-]+)">{name}</option>', page)[1]  # type: ignore[index]
        for name in ("Marc Tessier", "Léa Nguyen")
    ]
    here.post("cohort/pairs", mentee_id=ids[0], mentor_id=ids[1])


def test_a_sentence_has_the_names_of_today(visit: Come, services: Services) -> None:
    here = visit(situations.tutor)
    pair_two(here)
    assert sentences(here)[0] == "Claire Fontaine proposed the pair Marc Tessier and Léa Nguyen"
    with services.database.transaction() as db:
        db.scalars(sa.select(Person).where(Person.name == "Léa Nguyen")).one().name = "Léa <Nguyen> Roy"
        tutor = db.scalars(sa.select(Person).where(Person.name == "Claire Fontaine")).one()
        tutor.name = tutor.given_name = tutor.family_name = None
    assert sentences(here)[0] == "Somebody without a name proposed the pair Marc Tessier and Léa <Nguyen> Roy"
    assert "&lt;Nguyen&gt;" in here.get(PAGE).text


def test_the_filters_say_who_what_and_when(visit: Come) -> None:
    here = visit(situations.tutor)
    pair_two(here)
    mine = re.search(r'<option value="([0-9a-f-]+)">Claire Fontaine', here.get(PAGE).text)
    assert mine
    everything = sentences(here)
    assert sentences(here, f"{PAGE}?who={mine[1]}") == everything[:1]
    assert len(sentences(here, f"{PAGE}?what=programme")) == 2  # the start, and the activity
    assert sentences(here, f"{PAGE}?until=2020-01-01") == []
    assert sentences(here, f"{PAGE}?since=2020-01-01") == everything
    assert sentences(here, f"{PAGE}?who={mine[1]}&what=programme") == []


def test_equal_decisions_in_a_row_are_said_in_one_sentence_unless_they_are_asked_for(
    visit: Come, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_runs, "RUN_FROM", 3)
    here = visit(situations.tutor)
    pair_two(here)
    mine, run, *rest = sentences(here)
    assert mine == "Claire Fontaine proposed the pair Marc Tessier and Léa Nguyen"
    assert run == "The tool proposed 3 pairs"
    each = [f"The tool proposed the pair {names}" for names in ("Bernard", "Françoise", "Paul")]
    assert all(line.startswith(start) for line, start in zip(rest, each, strict=False))
    assert sentences(here, f"{PAGE}?what=people") == [mine, *rest[:3]]


@pytest.mark.parametrize(
    "query", ["since=yesterday", "since=2026-02-02&until=2026-02-01", "who=<x>", "what=everything", "page=0"]
)
def test_a_filter_that_cannot_be_read_is_said_and_nothing_is_lost(visit: Come, query: str) -> None:
    answer = visit(situations.tutor).get(
        f"{PAGE}?{query}&what=people" if "what" not in query else f"{PAGE}?{query}"
    )
    assert answer.status_code == 422
    assert "The filter is not applied: all decisions are shown." in answer.text
    if "what" not in query:
        assert '<option value="people" selected>' in answer.text


def test_the_entries_are_paged(visit: Come, monkeypatch: pytest.MonkeyPatch) -> None:
    here = visit(situations.tutor)
    everything = sentences(here)
    monkeypatch.setattr(audit, "PAGE_LENGTH", 2)
    pages = -(-len(everything) // 2)
    found = [each for number in range(1, pages + 1) for each in sentences(here, f"{PAGE}?page={number}")]
    assert found == everything
    assert 'rel="next"' not in here.get(f"{PAGE}?page={pages}").text
    assert 'rel="prev"' in here.get(f"{PAGE}?page={pages}").text


def test_a_participant_reads_their_own_steps_and_nobody_else_does(visit: Come, services: Services) -> None:
    here = visit(situations.to_confirm)
    link = here.link("sessions/[0-9a-f-]+/confirm")
    here.post(link, answer="yes")
    assert sentences(here) == ["Paul Moreau confirmed a meeting"]
    with services.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) > 5  # type: ignore[operator]


def test_an_owner_reads_it_for_every_group_and_a_tutor_for_their_own(visit: Come) -> None:
    here = visit(situations.owner)
    programme = here.link("owner/programmes/[0-9a-f-]+", "owner/")
    assert set(sentences(here)) == set(sentences(here, f"{programme}/audit"))
    assert "Group 1" in here.text(f"{programme}/audit")


def test_it_is_written_in_french(visit: Come) -> None:
    here = visit(situations.tutor, locale="fr")
    pair_two(here)
    assert sentences(here)[0] == "Claire Fontaine a proposé le binôme Marc Tessier et Léa Nguyen"


def test_days_and_times_are_those_of_the_readers_zone(visit: Come, services: Services) -> None:
    here = visit(situations.tutor)
    pair_two(here)
    moment = dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.UTC)
    with services.database.transaction() as db:
        event = db.scalars(sa.select(EventRow).order_by(EventRow.sequence.desc()).limit(1)).one()
        entry = db.get_one(AuditEntry, event.id)
        event.at = entry.at = moment
    paired = ["Claire Fontaine proposed the pair Marc Tessier and Léa Nguyen"]

    def on(day: str, zone: str) -> list[str]:
        return sentences(here, f"{PAGE}?since={day}&until={day}&zone={zone}")

    assert (
        on("2026-03-02", "Europe/Paris") == on("2026-03-01", "UTC") == on("2026-03-01", "No/Where") == paired
    )
    assert on("2026-03-01", "Europe/Paris") == on("2026-03-02", "UTC") == []
    page = here.text(f"{PAGE}?until=2026-03-02&zone=Europe/Paris")
    assert "Days and times are in Paris time." in page
    assert (">2\u00a0March 2026<" in page, ">00:30<" in page) == (True, True)
    assert "Days and times are in UTC." in here.text(PAGE)
    for first_or_last in ("since=0001-01-01", "until=9999-12-31"):
        assert len(sentences(here, f"{PAGE}?{first_or_last}&zone=Pacific/Kiritimati")) > 1


def test_a_change_of_settings_is_shown_with_both_values(visit: Come) -> None:
    here = visit(setting_up.tutor_changes_settings)
    save(here, "programme/goal", title_en="Digital <habits>")
    save(here, "programme/rhythm", minutes="60")
    save(here, "programme/formats", formats=["coaching", "trade-show"])
    found = re.findall(r'<ul class="changes">(.*?)</ul>', here.get(PAGE).text)
    changes = [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", each)).split()) for each in found]
    assert changes[-1] == "Name of the programme: before: Digital skills now: Digital <habits>"
    assert changes[-2] == "Meeting length: before: 45 min now: 1 h"
    assert changes[-3].startswith("Removed: Training; Audio")
    assert len(changes) == 3
    assert "Claire Fontaine changed the name of the programme" in sentences(here)

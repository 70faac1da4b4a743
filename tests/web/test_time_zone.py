"""The reader's time zone: said once by the browser, and then in every day and hour of the pages."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import sqlalchemy as sa

from lti_tool.database import utcnow
from lti_tool.lti.launch.models import LaunchSession
from lti_tool.mentoring.pairs.models import Pair
from tests.builder import situations

KIRITIMATI, PAGO_PAGO = "Pacific/Kiritimati", "Pacific/Pago_Pago"
"""UTC+14 and UTC-11: at every moment, in one of the two it is another day than in UTC."""


def kept(services) -> str | None:
    with services.database.reading() as db:
        return db.scalars(sa.select(LaunchSession.time_zone)).one()


def told_apart(now: dt.datetime) -> tuple[str, dt.datetime, str, str]:
    """A zone, a moment that is on another day there than in UTC, and what the two call that day."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if now.hour >= 10:
        # In Kiritimati it has been tomorrow since ten o'clock.
        return KIRITIMATI, midnight + dt.timedelta(hours=9, minutes=59), "today", "yesterday"
    # In Pago Pago it is yesterday until eleven o'clock.
    return PAGO_PAGO, midnight - dt.timedelta(minutes=1), "yesterday", "today"


def test_a_page_says_where_its_reader_s_zone_is_kept_and_which_it_was_made_in(visit, services):
    here = visit(situations.waits_for_signature)
    assert 'data-zone="UTC"' in here.text()
    address = re.search(r'data-zone-address="([^"]+)"', here.text())[1]
    sent = {"csrf_token": here.csrf_token(), "zone": "Europe/Paris"}
    assert here.client.post(address, data=sent).status_code == 204
    assert kept(services) == "Europe/Paris"
    assert 'data-zone="Europe/Paris"' in here.text()


@pytest.mark.parametrize("zone", ["", "Europe/Nowhere", "../../etc/passwd", "Z" * 61, "<script>"])
def test_a_zone_that_is_not_known_changes_nothing(visit, services, zone):
    here = visit(situations.waits_for_signature)
    assert here.post("time-zone", zone=zone).status_code == 400
    assert kept(services) is None


def test_the_words_of_a_day_are_those_of_the_reader(visit, services):
    here = visit(situations.waits_for_signature)
    zone, moment, in_utc, there = told_apart(utcnow())
    with services.database.transaction() as db:
        pair = db.scalars(sa.select(Pair)).one()
        signed = "mentee_signed_at" if pair.mentee_signed_at is not None else "mentor_signed_at"
        setattr(pair, signed, moment)
    assert f"You signed {in_utc}." in here.text()
    here.post("time-zone", zone=zone)
    assert f"You signed {there}." in here.text()


def test_a_page_that_keeps_itself_up_to_date_changes_with_the_zone(visit, services):
    here = visit(situations.waits_for_signature)
    tag = here.get().headers["ETag"]
    here.post("time-zone", zone="Asia/Tokyo")
    assert here.get(headers={"If-None-Match": tag}).status_code == 200

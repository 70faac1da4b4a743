"""What is next for a participant: every state of a pair has one step, for each of the two."""

from __future__ import annotations

import dataclasses
import datetime as dt
import uuid
from typing import Any

import pytest

from lti_tool.mentoring.journey.steps import URGENCY, Step, step_of
from lti_tool.mentoring.journey.undo import UndoableStep, undoable_step
from lti_tool.mentoring.journey.views import (
    Journey,
    ObjectiveLine,
    PairView,
    PersonCard,
    Progress,
    SessionLine,
)

NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)
ID = uuid.UUID(int=1)
PARTNER = PersonCard(ID, "mentor", "Lina Haddad", "Lina")
GONE = dataclasses.replace(PARTNER, has_left=True)
ACCEPTED: dict[str, Any] = {"accepted_by_me_at": NOW, "accepted_by_partner_at": NOW}
SIGNED: dict[str, Any] = {**ACCEPTED, "signed_by_me_at": NOW, "signed_by_partner_at": NOW}
UNDER_WAY, DONE = Progress(status="under_way"), Progress(status="satisfied")


def pair(status: str = "active", **changes: Any) -> PairView:
    known = {"accepted": ACCEPTED, "active": SIGNED}.get(status, {})
    values: dict[str, Any] = {"partner": PARTNER, "charter_version": "1", **known, **changes}
    return PairView(id=ID, status=status, **values)


def meeting(status: str, mine: bool, **changes: Any) -> tuple[SessionLine, ...]:
    line = SessionLine(ID, NOW.date(), 45, "coaching", status, mine, **changes)
    return (line,)


CLAIMED = (ObjectiveLine(ID, "Lead a meeting", "mentor", "skills", True, "claimed", mine=False),)
PROPOSED = (dataclasses.replace(CLAIMED[0], status="proposed"),)
STATES = {
    Step.WAIT_FOR_PAIR: [None, pair("ended", end_reason="declined")],
    Step.ACCEPT: [pair("proposed"), pair("proposed", accepted_by_partner_at=NOW)],
    Step.WAIT_FOR_ACCEPTANCE: [pair("proposed", accepted_by_me_at=NOW)],
    Step.SIGN: [pair("accepted"), pair("accepted", signed_by_partner_at=NOW)],
    Step.WAIT_FOR_SIGNATURE: [pair("accepted", signed_by_me_at=NOW)],
    Step.FIRST_MEETING: [pair()],
    Step.CONFIRM_SESSION: [
        pair(sessions=meeting("held", False)),
        pair(sessions=meeting("held", False), partner=GONE),
        pair(sessions=meeting("held", True) + meeting("held", False) + meeting("disputed", True)),
    ],
    Step.CORRECT_SESSION: [pair(sessions=meeting("disputed", True) + meeting("held", True))],
    Step.WAIT_FOR_CONFIRMATION: [pair(sessions=meeting("held", True))],
    Step.WAIT_FOR_CORRECTION: [pair(sessions=meeting("disputed", False))],
    Step.CONFIRM_OBJECTIVE: [pair(objectives=CLAIMED, sessions=meeting("held", True))],
    Step.AGREE_OBJECTIVE: [pair(objectives=PROPOSED, sessions=meeting("held", True))],
    Step.MEET: [pair(sessions=meeting("confirmed", True))],
    Step.PAUSED: [pair("paused", **SIGNED, sessions=meeting("held", False)), pair("paused")],
    Step.ENDED: [pair("ended", **SIGNED, end_reason="time"), pair("closed", **SIGNED)],
    Step.PARTNER_LEFT: [
        pair(partner=GONE, sessions=meeting("disputed", True)),
        pair("proposed", partner=GONE),
        pair("accepted", partner=GONE),
    ],
}


@pytest.mark.parametrize(
    ("step", "seen"), [(step, seen) for step, all_seen in STATES.items() for seen in all_seen]
)
def test_each_state_has_its_step(step: Step, seen: PairView | None) -> None:
    assert step_of(UNDER_WAY, seen) is step


def test_a_tutor_s_word_is_waited_for_once_nothing_else_is() -> None:
    waits = Progress(status="awaiting_tutor")
    assert step_of(waits, pair(sessions=meeting("held", True))) is Step.WAIT_FOR_TUTOR
    assert step_of(waits, pair(sessions=meeting("held", False))) is Step.CONFIRM_SESSION


@pytest.mark.parametrize("status", ["active", "paused", "ended", "closed"])
def test_whoever_has_completed_sees_that_unless_the_partner_waits(status: str) -> None:
    assert step_of(DONE, pair(status, **(SIGNED if status != "active" else {}))) is Step.COMPLETED
    assert step_of(DONE, pair(sessions=meeting("held", False))) is Step.CONFIRM_SESSION
    assert step_of(DONE, pair("proposed")) is Step.ACCEPT
    assert step_of(DONE, None) is Step.COMPLETED


def test_every_step_that_a_pair_can_have_has_its_place_among_several() -> None:
    assert set(URGENCY) == set(Step) - {Step.CHOOSE_ROLE}


ME = PersonCard(uuid.UUID(int=9), "mentee")
LATER = NOW + dt.timedelta(minutes=10)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (None, UndoableStep("joined", NOW, ME.participant_id)),
        (pair("proposed", accepted_by_me_at=NOW), UndoableStep("accepted", NOW, ID)),
        (pair("accepted"), UndoableStep("accepted", NOW, ID)),
        (pair("accepted", accepted_by_partner_at=LATER), None),
        (pair("accepted", signed_by_partner_at=NOW), None),
        (
            pair("ended", end_reason="declined", declined_by_me=True, ended_at=NOW),
            UndoableStep("declined", NOW, ID),
        ),
        (pair("ended", end_reason="declined", ended_at=NOW), None),
        (
            pair(sessions=meeting("confirmed", False, answered_at=NOW, revision=2)),
            UndoableStep("confirmed", NOW, ID, 2),
        ),
        (pair(sessions=meeting("disputed", False, answered_at=NOW)), UndoableStep("disputed", NOW, ID)),
        (pair(sessions=meeting("confirmed", True, answered_at=NOW)), None),
        (pair("paused", sessions=meeting("confirmed", False, answered_at=NOW)), None),
    ],
)
def test_one_s_own_latest_step_can_be_taken_back_for_ten_minutes(
    seen: PairView | None, expected: UndoableStep | None
) -> None:
    journey = Journey(ME, "onboarded", ID, UNDER_WAY)
    assert undoable_step(journey, seen, NOW, LATER) == expected
    assert undoable_step(journey, seen, NOW, LATER + dt.timedelta(seconds=1)) is None


def test_what_completed_the_programme_is_not_taken_back() -> None:
    journey = Journey(ME, "completed", ID, DONE)
    assert (
        undoable_step(journey, pair(sessions=meeting("confirmed", False, answered_at=NOW)), NOW, NOW) is None
    )

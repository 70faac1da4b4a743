"""Proposing an objective, agreeing to it, editing, working on it, claiming, confirming and withdrawing it."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy.orm import Session

from lti_tool.mentoring.guards import UNDO_WITHIN
from lti_tool.mentoring.objectives.actions import (
    agree_to_objective,
    claim_objective,
    confirm_as_tutor,
    confirm_objective,
    edit_objective,
    propose_objective,
    undo_step,
    withdraw_objective,
    work_on_objectives,
)
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.mentoring.objectives.queries import objectives_for_tutor
from lti_tool.mentoring.objectives.refusals import (
    decline_objective,
    dispute_claim,
    dispute_claim_as_tutor,
    read_refusal,
)
from lti_tool.mentoring.pairs.queries import lock_pair
from tests.builder import World
from tests.mentoring.checks import LATER, TODAY, event_names, refused

MUCH_LATER = LATER + dt.timedelta(hours=1)
SESSION = uuid.UUID(int=7)


def propose(db: Session, pair_id: uuid.UUID, by: uuid.UUID, direction: str = "mentee") -> Objective:
    return propose_objective(
        db,
        pair_id=pair_id,
        by=by,
        title="Write good prompts",
        direction=direction,
        tag="skills",
        required=True,
        now=LATER,
    )


def agreed(db: Session, world: World, direction: str = "mentee") -> Objective:
    """One that the mentor proposed and the mentee agreed to."""
    objective = propose(db, world.pair(db).id, world.mentor_id, direction)
    agree_to_objective(db, objective_id=objective.id, by=world.mentee_id, now=LATER)
    return objective


def edit(db: Session, objective: Objective, by: uuid.UUID, title: str = "Write great prompts") -> None:
    edit_objective(
        db, objective_id=objective.id, by=by, title=title, tag="culture", target_on=TODAY, now=MUCH_LATER
    )


def test_an_objective_is_agreed_once_both_want_it(world: World) -> None:
    with world.transaction() as db:
        objective = propose(db, world.pair(db).id, world.mentor_id)
        assert (objective.status, objective.agreed_at) == ("proposed", None)
        refused(
            "own_proposal",
            lambda: agree_to_objective(db, objective_id=objective.id, by=world.mentor_id, now=LATER),
        )
        for _time in range(2):
            agree_to_objective(db, objective_id=objective.id, by=world.mentee_id, now=LATER)
        assert (objective.status, objective.agreed_at) == ("agreed", LATER)
        assert event_names(db)[-2:] == ["ObjectiveProposed", "ObjectiveAgreed"]


def test_what_one_alone_proposed_is_neither_claimed_nor_reached(world: World) -> None:
    with world.transaction() as db:
        objective = propose(db, world.pair(db).id, world.mentor_id)
        for act, by in ((claim_objective, world.mentee_id), (confirm_objective, world.mentor_id)):
            refused("not_agreed", lambda act=act, by=by: act(db, objective_id=objective.id, by=by, now=LATER))  # type: ignore[misc]


@pytest.mark.parametrize("editor", ["mentor", "mentee"])
def test_an_edit_of_either_is_agreed_again_by_the_other(world: World, editor: str) -> None:
    with world.transaction() as db:
        people = {"mentor": world.mentor_id, "mentee": world.mentee_id}
        other = people["mentor" if editor == "mentee" else "mentee"]
        objective = agreed(db, world)
        edit(db, objective, people[editor])
        assert (objective.status, objective.revision, objective.title) == (
            "proposed",
            1,
            "Write great prompts",
        )
        refused(
            "own_proposal",
            lambda: agree_to_objective(db, objective_id=objective.id, by=people[editor], now=MUCH_LATER),
        )
        refused(
            "objective_changed",
            lambda: agree_to_objective(db, objective_id=objective.id, by=other, revision=0, now=MUCH_LATER),
        )
        agree_to_objective(db, objective_id=objective.id, by=other, revision=1, now=MUCH_LATER)
        assert (objective.status, objective.agreed_at) == ("agreed", MUCH_LATER)
        assert event_names(db)[-2:] == ["ObjectiveEdited", "ObjectiveAgreed"]


def test_an_edit_that_changes_nothing_asks_nobody(world: World) -> None:
    with world.transaction() as db:
        objective = agreed(db, world)
        before = event_names(db)
        edit_objective(
            db,
            objective_id=objective.id,
            by=world.mentor_id,
            title=objective.title,
            tag=objective.tag,
            target_on=None,
            now=MUCH_LATER,
        )
        assert (objective.status, event_names(db)) == ("agreed", before)


def test_a_meeting_moves_what_both_agreed_one_step_forward(world: World) -> None:
    with world.transaction() as db:
        begun = agreed(db, world)
        pair_id = begun.pair_id
        only_proposed = propose(db, pair_id, world.mentor_id)
        for days_ago in (3, 9):
            work_on_objectives(
                db,
                pair=lock_pair(db, pair_id),
                by=world.mentor_id,
                objective_ids=[begun.id, only_proposed.id, uuid.uuid4()],
                session_id=SESSION,
                worked_on=TODAY - dt.timedelta(days=days_ago),
                now=MUCH_LATER + dt.timedelta(days=days_ago),
            )
        db.refresh(begun)
        assert (begun.status, begun.status_since) == (
            "in_progress",
            MUCH_LATER + dt.timedelta(days=3),
        )
        assert begun.worked_on == TODAY - dt.timedelta(days=3)
        assert (only_proposed.status, only_proposed.worked_on) == ("proposed", None)


def test_a_meeting_about_nothing_that_is_open_says_nothing(world: World) -> None:
    with world.transaction() as db:
        pair_id = world.pair(db).id
        before = event_names(db)
        for ids in ([], [uuid.uuid4()]):
            work_on_objectives(
                db,
                pair=lock_pair(db, pair_id),
                by=world.mentor_id,
                objective_ids=ids,
                session_id=SESSION,
                worked_on=TODAY,
                now=LATER,
            )
        assert event_names(db) == before


@pytest.mark.parametrize(
    ("direction", "learner", "helper"), [("mentee", "mentee", "mentor"), ("mentor", "mentor", "mentee")]
)
def test_an_objective_is_claimed_by_who_learns_and_reached_when_the_partner_confirms(
    world: World, direction: str, learner: str, helper: str
) -> None:
    with world.transaction() as db:
        people = {"mentor": world.mentor_id, "mentee": world.mentee_id}
        objective = agreed(db, world, direction)
        refused(
            "not_your_objective",
            lambda: claim_objective(db, objective_id=objective.id, by=people[helper], now=LATER),
        )
        claim_objective(db, objective_id=objective.id, by=people[learner], now=LATER)
        refused(
            "own_objective",
            lambda: confirm_objective(db, objective_id=objective.id, by=people[learner], now=LATER),
        )
        refused("objective_over", lambda: edit(db, objective, people[learner]))
        confirm_objective(db, objective_id=objective.id, by=people[helper], now=LATER)
        assert (objective.status, objective.evidence) == ("reached", "partner")


def test_a_reached_objective_is_not_withdrawn(world: World) -> None:
    with world.transaction() as db:
        objective = agreed(db, world)
        confirm_objective(db, objective_id=objective.id, by=world.mentor_id, now=LATER)
        refused(
            "objective_over",
            lambda: withdraw_objective(db, objective_id=objective.id, by=world.mentee_id, now=LATER),
        )


def test_a_withdrawn_objective_is_kept_with_its_event(world: World) -> None:
    with world.transaction() as db:
        objective = agreed(db, world)
        withdraw_objective(db, objective_id=objective.id, by=world.mentee_id, now=LATER)
        assert objective.status == "withdrawn"
        assert event_names(db)[-1] == "ObjectiveWithdrawn"
        refused(
            "objective_over",
            lambda: agree_to_objective(db, objective_id=objective.id, by=world.mentee_id, now=LATER),
        )


@pytest.mark.parametrize("claimed", [False, True])
def test_nobody_withdraws_what_their_partner_learns(world: World, claimed: bool) -> None:
    with world.transaction() as db:
        objective = agreed(db, world)
        if claimed:
            claim_objective(db, objective_id=objective.id, by=world.mentee_id, now=LATER)
        status = objective.status
        refused(
            "not_own_objective",
            lambda: withdraw_objective(db, objective_id=objective.id, by=world.mentor_id, now=LATER),
        )
        assert objective.status == status


@pytest.mark.parametrize(
    ("before", "step"),
    [
        ("agreed", claim_objective),
        ("in_progress", claim_objective),
        ("agreed", withdraw_objective),
        ("in_progress", withdraw_objective),
        ("proposed", withdraw_objective),
    ],
)
def test_who_learns_takes_a_step_back_to_where_it_was(
    world: World, before: str, step: Callable[..., None]
) -> None:
    with world.transaction() as db:
        objective = agreed(db, world)
        if before == "in_progress":
            pair = lock_pair(db, objective.pair_id)
            work_on_objectives(
                db, pair=pair, by=world.mentee_id, objective_ids=[objective.id], session_id=SESSION,
                worked_on=TODAY, now=LATER,
            )  # fmt: skip
            db.refresh(objective)
        elif before == "proposed":
            edit(db, objective, world.mentor_id)
        step(db, objective_id=objective.id, by=world.mentee_id, now=MUCH_LATER)
        undo = partial(undo_step, db, objective_id=objective.id)
        refused("not_own_objective", lambda: undo(by=world.mentor_id, now=MUCH_LATER))
        refused("too_late_to_undo", lambda: undo(by=world.mentee_id, now=MUCH_LATER + UNDO_WITHIN * 2))
        revision = objective.revision
        undo(by=world.mentee_id, now=MUCH_LATER + UNDO_WITHIN)
        assert (objective.status, objective.revision) == (before, revision + 1)
        assert event_names(db)[-1] == "ObjectiveStepUndone"
        refused("too_late_to_undo", lambda: undo(by=world.mentee_id, now=MUCH_LATER + UNDO_WITHIN))


def test_what_the_partner_has_confirmed_is_not_taken_back(world: World) -> None:
    with world.transaction() as db:
        objective = agreed(db, world)
        claim_objective(db, objective_id=objective.id, by=world.mentee_id, now=LATER)
        confirm_objective(db, objective_id=objective.id, by=world.mentor_id, now=LATER)
        refused(
            "too_late_to_undo",
            lambda: undo_step(db, objective_id=objective.id, by=world.mentee_id, now=LATER),
        )


def accepting(db: Session, world: World, pair_id: uuid.UUID, *accepts: str) -> Objective:
    """One towards the mentee that both want, with these whose word is enough."""
    objective = propose_objective(
        db,
        pair_id=pair_id,
        by=world.mentor_id,
        title="Write good prompts",
        direction="mentee",
        tag="skills",
        required=True,
        now=LATER,
        skill="generative-ai",
        level=3,
        accepts=accepts,
        catalogue_code="good-request",
    )
    agree_to_objective(db, objective_id=objective.id, by=world.mentee_id, now=LATER)
    return objective


def test_one_s_own_word_is_enough_where_the_pair_chose_it(world: World) -> None:
    with world.transaction() as db:
        objective = accepting(db, world, world.pair(db).id, "partner", "self")
        claim_objective(db, objective_id=objective.id, by=world.mentee_id, now=LATER)
        assert (objective.status, objective.evidence, objective.accepts) == (
            "reached",
            "self",
            "self,partner",
        )
        assert event_names(db)[-1] == "ObjectiveReached"


def test_the_tutor_confirms_what_the_pair_gave_the_tutor_to_confirm(world: World) -> None:
    with world.transaction() as db:
        other = agreed(db, world)
        theirs = accepting(db, world, other.pair_id, "tutor")
        assert [each.id for each in objectives_for_tutor(db, world.cohort_id)] == [theirs.id]
        claim_objective(db, objective_id=theirs.id, by=world.mentee_id, now=LATER)
        assert theirs.status == "claimed"
        refused(
            "not_partner_s_word",
            partial(confirm_objective, db, objective_id=theirs.id, by=world.mentor_id, now=LATER),
        )
        confirm = partial(confirm_as_tutor, db, cohort_id=world.cohort_id, now=LATER)
        refused("not_tutor_s_word", partial(confirm, objective_id=other.id))
        refused("not_tutor_s_word", partial(confirm, objective_id=theirs.id, cohort_id=uuid.uuid4()))
        for _twice in range(2):
            confirm(objective_id=theirs.id)
        assert (theirs.status, theirs.evidence) == ("reached", "tutor")
        assert event_names(db).count("ObjectiveReached") == 1


def test_an_objective_of_the_catalogue_is_the_pair_s_own_once_it_says_something_else(world: World) -> None:
    with world.transaction() as db:
        objective = accepting(db, world, world.pair(db).id, "partner")
        edit(db, objective, world.mentor_id, title="Write good prompts")
        assert (objective.catalogue_code, objective.skill, objective.level) == (
            "good-request",
            "generative-ai",
            3,
        )
        edit(db, objective, world.mentor_id)
        assert objective.catalogue_code is None


@pytest.mark.parametrize(
    ("learner", "event"), [("mentee", "ObjectiveWithdrawn"), ("mentor", "ObjectiveDeclined")]
)
def test_not_this_one_takes_a_proposal_off_until_who_said_so_takes_it_back(
    world: World, learner: str, event: str
) -> None:
    with world.transaction() as db:
        objective = propose(db, world.pair(db).id, world.mentor_id, learner)
        decline = partial(decline_objective, db, objective_id=objective.id, now=MUCH_LATER)
        refused("own_proposal", partial(decline, by=world.mentor_id))
        refused("objective_changed", partial(decline, by=world.mentee_id, revision=1))
        for _twice in range(2):
            decline(by=world.mentee_id, revision=0)
        assert (objective.status, event_names(db)[-2:]) == ("withdrawn", ["ObjectiveProposed", event])
        undo = partial(undo_step, db, objective_id=objective.id, now=MUCH_LATER)
        refused("not_own_objective", partial(undo, by=world.mentor_id))
        undo(by=world.mentee_id)
        assert (objective.status, objective.refused_by) == ("proposed", None)
        decline(by=world.mentee_id)
        read = partial(read_refusal, db, objective_id=objective.id, now=MUCH_LATER)
        refused("own_refusal", partial(read, by=world.mentee_id))
        for _twice in range(2):
            read(by=world.mentor_id)
        assert event_names(db)[-2:] == [event, "ObjectiveRefusalRead"]
        refused("too_late_to_undo", partial(undo, by=world.mentee_id))
        refused("not_own_objective", partial(undo, by=world.mentor_id))


def test_a_change_of_what_both_had_agreed_to_is_not_declined(world: World) -> None:
    with world.transaction() as db:
        objective = agreed(db, world)
        refused(
            "objective_changed",
            lambda: decline_objective(db, objective_id=objective.id, by=world.mentor_id, now=MUCH_LATER),
        )
        edit(db, objective, world.mentee_id)
        refused(
            "agreed_before",
            lambda: decline_objective(db, objective_id=objective.id, by=world.mentor_id, now=MUCH_LATER),
        )


def test_what_is_not_reached_yet_is_in_progress_and_can_be_claimed_again(world: World) -> None:
    with world.transaction() as db:
        objective = accepting(db, world, world.pair(db).id, "partner", "tutor")
        by_partner = partial(dispute_claim, db, objective_id=objective.id, now=LATER)
        by_tutor = partial(
            dispute_claim_as_tutor, db, objective_id=objective.id, cohort_id=world.cohort_id, now=LATER
        )
        refused("objective_changed", partial(by_partner, by=world.mentor_id))
        for dispute, said_by in ((partial(by_partner, by=world.mentor_id), "partner"), (by_tutor, "tutor")):
            claim_objective(db, objective_id=objective.id, by=world.mentee_id, now=LATER)
            for _twice in range(2):
                dispute()
            assert (objective.status, objective.refused_by) == ("in_progress", said_by)
            assert event_names(db)[-2:] == ["ObjectiveClaimed", "ObjectiveClaimDisputed"]
        refused("own_objective", partial(by_partner, by=world.mentee_id))
        refused("not_tutor_s_word", partial(by_tutor, cohort_id=uuid.uuid4()))
        claim_objective(db, objective_id=objective.id, by=world.mentee_id, now=LATER)
        undo_step(db, objective_id=objective.id, by=world.mentee_id, now=LATER)
        assert objective.status == "in_progress"
        confirm_objective(db, objective_id=objective.id, by=world.mentor_id, now=LATER)
        refused("objective_over", partial(by_partner, by=world.mentor_id))

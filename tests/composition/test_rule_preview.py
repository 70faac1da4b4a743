"""Trying another rule on a cohort, applying it, and everything that follows from it in the same transaction."""

from __future__ import annotations

import uuid

import pytest
import sqlalchemy as sa

from lti_tool.composition.cohort_facts import judged_people
from lti_tool.composition.projections import check_projections
from lti_tool.composition.rule_preview import apply_draft, try_rule
from lti_tool.composition.services import Services
from lti_tool.events.models import EventRow
from lti_tool.mentoring.completion.drafts import save_draft
from lti_tool.mentoring.completion.models import CompletionRecord, RuleDraft
from lti_tool.mentoring.completion.preview import Effect
from lti_tool.mentoring.completion.queries import rule_draft
from lti_tool.mentoring.completion.rule import read_draft
from lti_tool.mentoring.programmes.models import CompletionRuleVersion
from tests.builder import NOW, Builder, World
from tests.builder.crowd import add_crowd
from tests.builder.history import History
from tests.builder.rules import apply, document, drafted, meetings
from tests.enqueued import scores, verbs
from tests.mentoring.checks import event_names, refused
from tests.sql_counter import counting


@pytest.fixture
def world(services: Services) -> World:
    """A pair that has signed and met twice, under the rule of six meetings: 46 %."""
    world = Builder(services).world("digital-skills")
    world.grade_column()
    with world.build.without_statements():
        world.pair()
        for _ in range(2):
            world.confirm(world.log_session())
    return world


def record(world: World, participant_id: uuid.UUID) -> tuple[int, str, int]:
    with world.services.database.reading() as db:
        row = db.get_one(CompletionRecord, participant_id)
        version = db.get_one(CompletionRuleVersion, row.rule_version_id)
        return row.score, row.completion, version.number


def differences(world: World) -> list[str]:
    return [each.name for each in check_projections(world.services) if not each.identical]


def test_who_meets_the_new_rule_completes_at_once_with_statement_and_grade(world: World) -> None:
    assert record(world, world.mentee_id) == (46, "open", 1)
    assert apply(world, document(meetings(2))) == 2
    for who in (world.mentee_id, world.mentor_id):
        assert record(world, who) == (100, "completed", 2)
    assert verbs(world.services) == ["completed", "completed"]
    assert [(each["scoreGiven"], each["activityProgress"]) for each in scores(world.services)] == [
        (100, "Completed")
    ] * 2
    with world.services.database.reading() as db:
        assert event_names(db)[-3:] == ["RuleApplied", "ProgrammeCompleted", "ProgrammeCompleted"]
        assert {world.mentee(db).status, world.mentor(db).status} == {"completed"}
        assert db.get(RuleDraft, world.cohort_id) is None
    assert differences(world) == []


def test_what_was_completed_stays_and_its_grade_is_not_touched(world: World) -> None:
    apply(world, document(meetings(2)))
    before = scores(world.services)
    apply(world, document(meetings(9)))
    assert record(world, world.mentor_id) == (100, "completed", 3)
    assert scores(world.services) == before
    assert differences(world) == []


def test_a_grade_that_grows_follows_the_rule_down_and_up(world: World) -> None:
    live = {"report": "live", "mentee": True, "mentor": True}
    apply(world, document(meetings(10), ags=live))
    assert {each["scoreGiven"] for each in scores(world.services)} == {60}
    apply(world, document(meetings(40), ags=live))
    assert {each["scoreGiven"] for each in scores(world.services)} == {52}
    apply(world, document(meetings(40)))
    assert {each["gradingProgress"] for each in scores(world.services)} == {"FullyGraded"}
    assert record(world, world.mentor_id) == (52, "open", 4)
    assert differences(world) == []


def test_the_preview_has_everybody_once_and_says_the_percentages_that_pages_show(world: World) -> None:
    with world.acting() as db:
        harder = drafted(db, world, document(meetings(8))).preview
        easier = drafted(db, world, document(meetings(2))).preview
        same = drafted(
            db, world, document(meetings(6, w=4), {"id": "m", "type": "minutes", "min": 270, "w": 2})
        )
    assert {(each.effect, each.before, each.after) for each in harder.people} == {(Effect.UP, 46, 62)}
    assert easier.counts[Effect.COMPLETES] == sum(easier.counts.values()) == 2
    assert {each.after for each in same.preview.people} == {42}


def test_whoever_has_not_begun_is_counted_and_whoever_is_in_no_pair_is_not(world: World) -> None:
    with world.acting() as db:
        world.by(world.build).built_cohort.mentee("Somebody Else")
        tried = drafted(db, world, document(meetings(8)))
    assert (sum(tried.preview.counts.values()), tried.without_pair) == (2, 0)
    # A rule that asks for nothing but the tutor changes nothing for them; one person more is tried when it does.
    assert len(tried.people) == 3


def test_only_what_was_looked_at_is_applied(world: World) -> None:
    with world.acting() as db:
        tried = drafted(db, world, document(meetings(2)))
    world.log_session()
    with world.acting() as db:
        # A meeting that is not confirmed changes nobody's result.
        assert try_rule(
            db, world.cohort_id, read_draft(document(meetings(2))), document(meetings(2))
        ).digest == (tried.digest)
    world.confirm(world.log_session())
    with world.acting() as db:
        refused(
            "preview_outdated",
            lambda: apply_draft(db, cohort_id=world.cohort_id, previewed=tried.digest, now=NOW),
        )
    with world.acting() as db:
        again = drafted(db, world, document(meetings(3)))
        refused(
            "preview_outdated",
            lambda: apply_draft(db, cohort_id=world.cohort_id, previewed=tried.digest, now=NOW),
        )
        assert apply_draft(db, cohort_id=world.cohort_id, previewed=again.digest, now=NOW) == 2


@pytest.mark.parametrize(
    "criterion",
    [
        {"id": "x", "type": "training"},
        {"id": "x", "type": "objectives", "evidence": ["xapi"]},
        {"id": "x", "type": "group", "mode": "at_least", "k": 2, "criteria": [meetings(1)]},
    ],
    ids=["training", "evidence", "k"],
)
def test_a_draft_that_cannot_be_measured_is_kept_and_not_applied(
    world: World, criterion: dict[str, object]
) -> None:
    rule = document(criterion)
    with world.acting() as db:
        save_draft(db, cohort_id=world.cohort_id, rule=rule, seen=0, now=NOW)
    with world.acting() as db:
        found = rule_draft(db, world.cohort_id)
        assert found is not None
        assert found.rule == rule
        refused("rule_not_ready", lambda: apply_draft(db, cohort_id=world.cohort_id, previewed="", now=NOW))


def test_of_two_editors_the_second_is_told(world: World) -> None:
    with world.acting() as db:
        first = save_draft(db, cohort_id=world.cohort_id, rule=document(meetings(5)), seen=0, now=NOW)
        refused(
            "draft_changed",
            lambda: save_draft(db, cohort_id=world.cohort_id, rule=document(meetings(4)), seen=0, now=NOW),
        )
        # The same once more, as from a button that was pressed twice.
        assert save_draft(db, cohort_id=world.cohort_id, rule=document(meetings(5)), seen=0, now=NOW) == first
        save_draft(db, cohort_id=world.cohort_id, rule=document(meetings(4)), seen=first, now=NOW)
    with world.services.database.reading() as db:
        found = rule_draft(db, world.cohort_id)
    assert found is not None
    assert (found.rule, found.revision) == (document(meetings(4)), 2)


def cost(world: World, rule: dict[str, object]) -> tuple[int, int]:
    """How many statements it takes to try a rule, and to apply it with all that follows."""
    database = world.services.database
    with world.acting() as db:
        save_draft(db, cohort_id=world.cohort_id, rule=rule, seen=0, now=NOW)
    with counting(database) as trying, database.reading() as db:
        tried = try_rule(db, world.cohort_id, read_draft(rule), rule)
    with counting(database) as applying, world.acting() as db:
        apply_draft(db, cohort_id=world.cohort_id, previewed=tried.digest, now=NOW)
    return len(trying.statements), len(applying.statements)


def test_what_it_costs_does_not_grow_with_the_people(services: Services) -> None:
    """Everybody of the crowd has met once: the rule completes them all, with statements and grades."""
    costs = []
    for people in (100, 400):
        world = Builder(services).world("digital-skills", issuer=f"https://lms{people}.example")
        world.grade_column()
        with world.acting() as db:
            add_crowd(db, world.built_cohort, people)
        costs.append(cost(world, document(meetings(1))))
        with services.database.reading() as db:
            assert len(judged_people(db, world.cohort_id)) == people + 2
            completed = sa.select(sa.func.count()).where(
                EventRow.kind == "ProgrammeCompleted", EventRow.cohort_id == world.cohort_id
            )
            assert db.scalar(completed) == people
    # The first has read what is read once in a process.
    assert costs[1] <= costs[0] <= (7, 46), costs


def test_a_replay_judges_everybody_again_when_a_rule_was_applied(world: World) -> None:
    history = History(world, seed=11)
    history.go_on(60)
    apply(world, document(meetings(1, status="held"), {"id": "r", "type": "reflection"}, mode="any"))
    history.go_on(60)
    apply(world, document(meetings(3), {"id": "f", "type": "feedback", "roles": ["mentor"]}))
    history.go_on(30)
    assert differences(world) == []

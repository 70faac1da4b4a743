"""Who is shown which entry of the audit, for every kind of event there is, and the sentence of each kind."""

from __future__ import annotations

import datetime as dt
import inspect
import uuid
from dataclasses import replace
from typing import Final

import pytest
from sqlalchemy.orm import Session

from lti_tool.composition.audit.entries import AuditLine, Reader, Wanted, entries
from lti_tool.composition.audit.sentences import SENTENCES, Names, sentence_of
from lti_tool.composition.event_kinds import EVENT_MODULES
from lti_tool.events.base import ActedBy, Event
from lti_tool.events.models import AuditEntry, EventRow
from lti_tool.identity.audit_policy import AUDIT, Subject, audit_shows
from lti_tool.identity.policy import Capacity
from lti_tool.identity.principal import OPERATOR, CourseRole, Principal, PrincipalKind
from lti_tool.mentoring.enrolment.events import PeopleAdded
from lti_tool.translation import using_language
from schemas.audit_query import SUBJECTS
from tests.builder import World
from tests.builder.world import person_principal

C, S = Capacity, Subject
AT = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)

CLASSES: Final = tuple(
    kind
    for module in EVENT_MODULES
    for kind in vars(module).values()
    if inspect.isclass(kind)
    and issubclass(kind, Event)
    and kind.__module__ == module.__name__
    # What several kinds share is none itself.
    and not any(
        issubclass(other, kind) and other is not kind
        for other in vars(module).values()
        if inspect.isclass(other)
    )
)

SHOWN: Final[dict[Subject, set[Capacity]]] = {
    S.ADMINISTRATION: {C.OPERATOR},
    S.PROGRAMME: {C.TUTOR, C.OWNER},
    S.PEOPLE: {C.TUTOR, C.OWNER},
    S.PARTICIPATION: {C.TUTOR, C.OWNER},
    S.PAIR: {C.TUTOR},
    S.MEETING: {C.TUTOR},
    S.OBJECTIVE: set(),
    S.WORDS: set(),
    S.CONSEQUENCE: set(),
}
"""The rows of the table of who may see what, as the design has them, besides what everybody did themselves."""


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_every_kind_of_event_is_shown_to_whom_the_table_shows_its_subject(kind: type[Event]) -> None:
    assert hasattr(kind, "audit_subject"), (
        f"say to whom the audit shows {kind.__name__}: audit_subject: ClassVar[Subject] = Subject.…"
    )
    subject = kind.audit_subject
    for capacity in Capacity:
        held = frozenset({capacity, C.LAUNCHED})
        is_own = capacity is C.ACTOR and subject is not S.CONSEQUENCE
        assert audit_shows(subject, held, by_participant=True) == is_own
        assert audit_shows(subject, held, by_participant=False) == (is_own or capacity in SHOWN[subject])


def test_every_kind_that_is_shown_to_somebody_has_a_sentence() -> None:
    shown = {kind.__name__ for kind in CLASSES if kind.audit_subject is not S.CONSEQUENCE}
    lacking = shown - SENTENCES.keys()
    assert not lacking, (
        f"add a sentence for each to lti_tool.composition.audit.sentences.SENTENCES: {lacking}"
    )
    assert {key.partition(" ")[0] for key in SENTENCES} == shown


def test_every_sentence_can_be_filled_in_from_the_fields_of_its_event() -> None:
    given = {"actor", "name", "about", "person", "course", "other_group", "whom", "added"}
    by_name = {kind.__name__: kind for kind in CLASSES}
    for key, text in SENTENCES.items():
        kind = by_name[key.partition(" ")[0]]
        fields = given | set(kind.__dataclass_fields__)
        assert text % dict.fromkeys(fields, "x")


def test_the_filter_knows_every_subject_that_is_shown() -> None:
    assert set(SUBJECTS) == set(Subject) - {Subject.CONSEQUENCE}
    assert set(AUDIT) == set(Subject)


def add_act(db: Session, world: World, kind: str, acted_by: ActedBy, **scope: uuid.UUID | None) -> None:
    """An event of a kind with its entry. Its own fields are missing, so that it cannot be read."""
    event_id = uuid.uuid4()
    values = {
        "kind": kind,
        "at": AT,
        "organisation_id": world.organisation_id,
        "programme_id": world.built_cohort.programme.id,
        "cohort_id": world.cohort_id,
        "acted_by_kind": acted_by.kind,
        "acted_by_id": acted_by.id,
        **scope,
    }
    db.add(EventRow(id=event_id, version=1, details={"unreadable": True}, **values))
    db.add(AuditEntry(event_id=event_id, **values))


def person_of(world: World, participant: str) -> uuid.UUID:
    return getattr(world, f"built_{participant}").person.id


def test_the_database_chooses_by_the_same_table(world: World, services) -> None:
    """Every kind, done by everybody who can do anything, read by everybody who can read anything."""
    pair = world.pair()
    mentor, mentee = person_of(world, "mentor"), person_of(world, "mentee")
    acts = {
        "tutor": ActedBy(PrincipalKind.PERSON, world.tutor_id),
        "mentor": ActedBy(PrincipalKind.PERSON, mentor),
        "operator": ActedBy(PrincipalKind.OPERATOR),
        "tool": ActedBy(PrincipalKind.TOOL),
        "not recorded": ActedBy(PrincipalKind.NOT_RECORDED),
    }
    with services.database.transaction() as db:
        for kind in CLASSES:
            for acted_by in acts.values():
                add_act(db, world, kind.__name__, acted_by, pair_id=pair.id, participant_id=world.mentee_id)
    tutor = person_principal(world, world.tutor_id, CourseRole.TUTOR)
    learner = person_principal(world, mentor, CourseRole.LEARNER)
    readers = {
        "tutor": ({C.TUTOR}, Reader(tutor, taught=frozenset({world.cohort_id}))),
        "owner": ({C.OWNER}, Reader(person_principal(world, uuid.uuid4(), CourseRole.LEARNER), owns=True)),
        "mentor": (set(), Reader(learner)),
        "mentee": (set(), Reader(person_principal(world, mentee, CourseRole.LEARNER))),
        "nobody": (set(), Reader(person_principal(world, uuid.uuid4(), CourseRole.TUTOR))),
        "operator": ({C.OPERATOR}, Reader(OPERATOR)),
        "stranger": (
            set(),
            Reader(
                Principal(kind=PrincipalKind.PERSON, person_id=world.tutor_id, organisation_id=uuid.uuid4()),
                taught=frozenset({world.cohort_id}),
                owns=True,
            ),
        ),
    }
    steps = {S.PARTICIPATION, S.PAIR, S.MEETING, S.OBJECTIVE, S.WORDS}
    for name, (held, reader) in readers.items():
        reader = replace(reader, programme_id=world.built_cohort.programme.id)
        with services.database.reading() as db:
            found = entries(db, reader, Wanted(since=AT, until=AT + dt.timedelta(seconds=1)), limit=9999)
        expected = {
            (kind.__name__, acted_by)
            for kind in CLASSES
            for who, acted_by in acts.items()
            if kind.audit_subject is not S.CONSEQUENCE
            and (
                (name == who and name != "operator")
                or (
                    who != "mentor"
                    and (who in ("tutor", "operator") or kind.audit_subject not in steps)
                    and SHOWN[kind.audit_subject] & held
                )
            )
        }
        assert {(line.kind, line.acted_by) for line in found} == expected, name
        assert len(found) == len(expected), name


def test_an_entry_that_cannot_be_read_has_a_sentence_too() -> None:
    line = AuditLine(
        uuid.uuid4(), AT, "PairEnded", None, uuid.uuid4(), None, None, None, ActedBy(PrincipalKind.OPERATOR)
    )
    with using_language("fr"):
        assert "L’équipe technique" in sentence_of(line, Names())


@pytest.mark.parametrize(
    ("rows", "added", "sentence"),
    [
        (12, 12, "The technical team added 12 people from a list"),
        (1, 1, "The technical team added one person from a list"),
        (12, 5, "The technical team added the first 5 people of a list of 12"),
        (12, 1, "The technical team added the first person of a list of 12"),
    ],
)
def test_a_list_is_told_as_a_person_would_write_it(rows: int, added: int, sentence: str) -> None:
    event = PeopleAdded(people=added, rows=rows, import_id=None, is_first=True)
    by = ActedBy(PrincipalKind.OPERATOR)
    line = AuditLine(uuid.uuid4(), AT, "PeopleAdded", event, uuid.uuid4(), None, None, None, by)
    with using_language("en"):
        assert sentence_of(line, Names()) == sentence

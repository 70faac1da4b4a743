"""One small story, told as statements: its values are fixed, so its statements are too."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from xapi import statements
from xapi.context import (
    Actor,
    CohortContext,
    EvidenceContext,
    ObjectiveContext,
    PairContext,
    SessionContext,
    Statement,
    StatementContext,
)
from xapi.vocabulary import Evidence, Mode, Role, Tag

LMS = "https://lms.example"
MENTOR = Actor(LMS, "5f0c1c0e-6a3b-4a35-9c55-4f0f0f0a0001")
MENTEE = Actor(LMS, "5f0c1c0e-6a3b-4a35-9c55-4f0f0f0a0002")
MENTOR_ENROLMENT = UUID("5f0c1c0e-6a3b-4a35-9c55-4f0f0f0b0001")
MENTEE_ENROLMENT = UUID("5f0c1c0e-6a3b-4a35-9c55-4f0f0f0b0002")
CONTEXT = StatementContext(
    iri_base="https://tool.example",
    programme_id=UUID("5f0c1c0e-6a3b-4a35-9c55-4f0f0f0c0001"),
    programme_name={"en": "Digital skills", "fr": "Compétences numériques"},
    course_iri="https://lms.example/course/view.php?id=7",
    platform="Moodle",
    language="fr",
    course_title="Digital cultures",
    cohort=CohortContext(UUID("5f0c1c0e-6a3b-4a35-9c55-4f0f0f0c0002"), date(2026, 11, 2)),
)
PAIR = PairContext(UUID("5f0c1c0e-6a3b-4a35-9c55-4f0f0f0d0001"), MENTOR, MENTEE)
OBJECTIVE = ObjectiveContext(UUID("5f0c1c0e-6a3b-4a35-9c55-4f0f0f0e0001"), Role.MENTEE, Tag.SKILLS)
MENTOR_OBJECTIVE = ObjectiveContext(UUID("5f0c1c0e-6a3b-4a35-9c55-4f0f0f0e0002"), Role.MENTOR, Tag.CULTURE)
SESSION = SessionContext(
    UUID("5f0c1c0e-6a3b-4a35-9c55-4f0f0f0f0001"),
    date(2026, 11, 12),
    timedelta(minutes=45),
    "coaching",
    Mode.VIDEO,
)
CORRECTED = SessionContext(
    SESSION.session_id, SESSION.started_at, timedelta(minutes=50), "trade-show", Mode.IN_PERSON
)
PODCAST_STATEMENT = UUID("5f0c1c0e-6a3b-4a35-9c55-4f0f0f0a00ff")


def at(day: int, hour: int, millisecond: int = 0) -> datetime:
    """A moment of the story: a day and an hour of November 2026."""
    return datetime(2026, 11, day, hour, 0, 0, millisecond * 1000, tzinfo=UTC)


def story_statements() -> dict[str, Statement]:
    """Every statement of the story by the name of its golden file, in the order of its timestamps."""
    s = statements
    held_by_mentor = s.session_held(
        CONTEXT, PAIR, SESSION, Role.MENTOR, reported_by=Role.MENTOR, recorded_at=at(12, 10)
    )
    held_by_mentee = s.session_held(
        CONTEXT, PAIR, SESSION, Role.MENTEE, reported_by=Role.MENTOR, recorded_at=at(12, 10, 1)
    )
    agreed = s.objective_agreed(CONTEXT, PAIR, MENTOR_OBJECTIVE, recorded_at=at(4, 9))
    return {
        "joined-mentor": s.joined(CONTEXT, MENTOR, Role.MENTOR, MENTOR_ENROLMENT, recorded_at=at(2, 8)),
        "joined-mentee": s.joined(CONTEXT, MENTEE, Role.MENTEE, MENTEE_ENROLMENT, recorded_at=at(2, 9)),
        "joined-with-platform-account": s.joined(
            CONTEXT,
            Actor(LMS, "4217", pseudonym="5f0c1c0e-6a3b-4a35-9c55-4f0f0f0a0003"),
            Role.MENTEE,
            UUID("5f0c1c0e-6a3b-4a35-9c55-4f0f0f0b0003"),
            recorded_at=at(2, 10),
        ),
        "paired-mentor": s.paired(CONTEXT, PAIR, Role.MENTOR, recorded_at=at(3, 8)),
        "paired-mentee": s.paired(CONTEXT, PAIR, Role.MENTEE, recorded_at=at(3, 8, 1)),
        "objective-agreed": s.objective_agreed(CONTEXT, PAIR, OBJECTIVE, recorded_at=at(4, 8)),
        "objective-agreed-mentor": agreed,
        "voided-objective": s.voided(CONTEXT, PAIR.pair_id, agreed.id, recorded_at=at(5, 8)),
        "objective-agreed-again": s.objective_agreed(
            CONTEXT,
            PAIR,
            MENTOR_OBJECTIVE,
            recorded_at=at(5, 8, 1),
            revision=1,
        ),
        "session-held-mentor": held_by_mentor,
        "session-held-mentee": held_by_mentee,
        "voided": s.voided(CONTEXT, PAIR.pair_id, held_by_mentor.id, recorded_at=at(12, 11)),
        "voided-mentee": s.voided(CONTEXT, PAIR.pair_id, held_by_mentee.id, recorded_at=at(12, 11, 1)),
        "session-held-corrected": s.session_held(
            CONTEXT,
            PAIR,
            CORRECTED,
            Role.MENTOR,
            reported_by=Role.MENTOR,
            recorded_at=at(12, 11, 2),
            revision=1,
        ),
        "session-held-corrected-mentee": s.session_held(
            CONTEXT,
            PAIR,
            CORRECTED,
            Role.MENTEE,
            reported_by=Role.MENTOR,
            recorded_at=at(12, 11, 3),
            revision=1,
        ),
        "session-confirmed": s.session_confirmed(
            CONTEXT, PAIR, CORRECTED, Role.MENTEE, recorded_at=at(12, 12), revision=1
        ),
        "feedback-given": s.feedback_given(
            CONTEXT,
            PAIR,
            CORRECTED,
            Role.MENTEE,
            UUID("5f0c1c0e-6a3b-4a35-9c55-4f0f0f0f0002"),
            recorded_at=at(12, 12, 1),
        ),
        "reflection-written": s.reflection_written(
            CONTEXT,
            PAIR,
            Role.MENTOR,
            UUID("5f0c1c0e-6a3b-4a35-9c55-4f0f0f0f0003"),
            recorded_at=at(12, 12, 2),
        ),
        "progressed": s.progressed(
            CONTEXT,
            MENTEE,
            Role.MENTEE,
            MENTEE_ENROLMENT,
            percent=50,
            score_percent=62,
            recorded_at=at(12, 12, 1),
        ),
        "objective-reached": s.objective_reached(
            CONTEXT, PAIR, OBJECTIVE, EvidenceContext(Evidence.PARTNER), recorded_at=at(13, 8)
        ),
        "objective-reached-by-statement": s.objective_reached(
            CONTEXT,
            PAIR,
            MENTOR_OBJECTIVE,
            EvidenceContext(Evidence.XAPI, PODCAST_STATEMENT),
            recorded_at=at(13, 9),
        ),
        "pair-left-mentor": s.pair_left(CONTEXT, PAIR, Role.MENTOR, reason="time", recorded_at=at(13, 10)),
        "pair-left-mentee": s.pair_left(CONTEXT, PAIR, Role.MENTEE, reason="time", recorded_at=at(13, 10, 1)),
        "programme-completed": s.programme_completed(
            CONTEXT,
            MENTEE,
            Role.MENTEE,
            MENTEE_ENROLMENT,
            time_spent=timedelta(hours=4, minutes=30),
            score_percent=100,
            recorded_at=at(14, 8),
        ),
    }

"""The values that completion rules work on: a rule, the facts it looks at, and what an evaluation says.

Everything here is frozen and knows nothing of the database, the LMS or the web. `rules.read_rule` makes a
`CompletionRule` out of the JSON that `schemas.completion_rule` has checked; `rules.evaluate` turns a rule and
facts into an `Evaluation`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar, Literal
from uuid import UUID

Role = Literal["mentor", "mentee"]
Mode = Literal["all", "any", "at_least"]
Evidence = Literal["self", "partner", "tutor", "xapi"]

ROLES: tuple[Role, Role] = ("mentee", "mentor")


# Facts: what is true of a pair and of a person at the moment of the evaluation. Statuses and roles are plain
# text here, as the columns hold them; the database refuses any that `models` does not name.


@dataclass(frozen=True, slots=True)
class AgreementFact:
    """Who has signed the agreement of a pair."""

    signed_by_mentor: bool = False
    signed_by_mentee: bool = False

    @property
    def signed_by_both(self) -> bool:
        """True once the pair is bound by its agreement."""
        return self.signed_by_mentor and self.signed_by_mentee


@dataclass(frozen=True, slots=True)
class SessionFact:
    """One MentoringSession, with a status of `models.SessionStatus`; `format` is a code of `schemas.choices`."""

    id: UUID
    status: str
    minutes: int
    format: str
    held_on: date


@dataclass(frozen=True, slots=True)
class ObjectiveFact:
    """One objective of a pair; `evidence` is who or what vouched for it (None until it is reached)."""

    id: UUID
    direction: str
    status: str
    required: bool
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class PairFacts:
    """All that counts for both people of a pair."""

    pair_id: UUID
    agreement: AgreementFact = AgreementFact()
    sessions: tuple[SessionFact, ...] = ()
    objectives: tuple[ObjectiveFact, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """All that counts for one person alone. Criteria that come later add fields with defaults here."""

    role: str
    tutor_validated: bool = False


# The rule.


@dataclass(frozen=True, slots=True, kw_only=True)
class _Common:
    """What every criterion has. `weight` 0 makes it a gate: demanded, but outside the percentage."""

    id: str
    weight: Fraction = Fraction(1)
    roles: tuple[Role, ...] = ROLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement(_Common):
    """The agreement is signed `by` one side or both."""

    by: Literal["both", "mentor", "mentee"] = "both"
    type: ClassVar[str] = "agreement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions(_Common):
    """At least `min` sessions, held or confirmed, each long enough and in an accepted format."""

    min: int = 1
    status: Literal["held", "confirmed"] = "confirmed"
    formats: tuple[str, ...] = ("*",)
    min_minutes_each: int = 0
    type: ClassVar[str] = "sessions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes(_Common):
    """At least `min` minutes of sessions, held or confirmed, in all."""

    min: int = 1
    status: Literal["held", "confirmed"] = "confirmed"
    type: ClassVar[str] = "minutes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Objectives(_Common):
    """`count` objectives (None: every one) of the kind `which`, reached with an accepted evidence."""

    which: Literal["required", "all"] = "required"
    count: int | None = None
    evidence: tuple[Evidence, ...] = ("self", "partner", "tutor", "xapi")
    type: ClassVar[str] = "objectives"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment(_Common):
    """The questionnaire of a phase is answered."""

    phase: Literal["before", "after", "then", "follow_up"] = "after"
    type: ClassVar[str] = "assessment"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback(_Common):
    """At least `min` feedbacks given by the person, by the partner, or by both."""

    by: Literal["self", "partner", "both"] = "self"
    min: int = 1
    type: ClassVar[str] = "feedback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reflection(_Common):
    """At least `min` reflections written by the person."""

    min: int = 1
    type: ClassVar[str] = "reflection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Training(_Common):
    """The induction of the person's role is finished."""

    type: ClassVar[str] = "training"


@dataclass(frozen=True, slots=True, kw_only=True)
class Xapi(_Common):
    """A statement of the person is in the LRS: a verb, on an activity, good enough, inside a window."""

    verb: tuple[str, ...] = ()
    activity: str = ""
    match: Literal["exact", "prefix"] = "exact"
    min_scaled: Fraction | None = None
    since: str | None = None
    until: str | None = None
    type: ClassVar[str] = "xapi"


@dataclass(frozen=True, slots=True, kw_only=True)
class TutorValidation(_Common):
    """The tutor has validated the person's programme."""

    type: ClassVar[str] = "tutor_validation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(_Common):
    """Criteria with a mode of their own, standing as one criterion of the rule; never in another group."""

    mode: Mode = "all"
    k: int | None = None
    criteria: tuple[Leaf, ...] = ()
    type: ClassVar[str] = "group"


Leaf = (
    Agreement
    | Sessions
    | Minutes
    | Objectives
    | Assessment
    | Feedback
    | Reflection
    | Training
    | Xapi
    | TutorValidation
)
Criterion = Leaf | Group


@dataclass(frozen=True, slots=True)
class Reporting:
    """What the LMS is told: a score only at the end or as it grows, and for which roles."""

    report: Literal["final_only", "live"] = "final_only"
    mentee: bool = True
    mentor: bool = True

    def covers(self, role: str) -> bool:
        """True when people of this role have a grade in the LMS."""
        return self.mentor if role == "mentor" else self.mentee


@dataclass(frozen=True, slots=True)
class CompletionRule:
    """When a programme counts as completed. `k` is set exactly when `mode` is `at_least`.

    `pairs` settles what happens to a person with several pairs: `best` takes the pair that brings them
    furthest, `sum` adds up the sessions and the minutes of all their pairs.
    """

    mode: Mode
    criteria: tuple[Criterion, ...]
    k: int | None = None
    pairs: Literal["best", "sum"] = "best"
    reporting: Reporting = Reporting()


# What an evaluation says.


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """How far one criterion is, and why.

    `value` out of `target` is counted in the criterion's own unit (sessions, minutes, objectives, criteria of
    a group; 0 or 1 for yes or no). `params` are the parameters of its sentence on the page. `facts_used` are
    the ids of the pair, the sessions or the objectives that count. `children` are the results inside a group.
    """

    id: str
    type: str
    params: Mapping[str, object]
    value: int
    target: int
    ratio: Fraction
    satisfied: bool
    weight: Fraction
    facts_used: tuple[UUID, ...] = ()
    children: tuple[CriterionResult, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return the result as JSON values, for the stored explanation; fractions are written `a/b`."""
        return {
            "id": self.id,
            "type": self.type,
            "params": {
                name: list(value) if isinstance(value, tuple) else value
                for name, value in self.params.items()
            },
            "value": self.value,
            "target": self.target,
            "ratio": str(self.ratio),
            "satisfied": self.satisfied,
            "w": str(self.weight),
            "facts": [str(fact) for fact in self.facts_used],
            "criteria": [child.as_json() for child in self.children],
        }


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a rule says about one person.

    `progress` is exact, 0 to 1; `score` is a whole number, 100 exactly when the rule is satisfied, else 0 to
    99. `awaiting_tutor` is True when nothing is missing but the tutor's validation.
    """

    progress: Fraction
    score: int
    satisfied: bool
    awaiting_tutor: bool
    explanation: tuple[CriterionResult, ...]


class Completion(StrEnum):
    """Where a person's completion stands; `rules.latch` and `rules.reopen` move it."""

    OPEN = "open"
    COMPLETED = "completed"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True)
class Latched:
    """The completion after an evaluation, the score to show and report, and whether this is the moment."""

    completion: Completion
    score: int
    just_completed: bool

"""Which person each row of a file is: a pure function of the rows and of who is known.

People are found by the platform's user id, then by their user name, then by their e-mail address, among those of the
cohort's courses. A row that could be two people, or whose identifiers are those of different people, is refused.
"""

from __future__ import annotations

import enum
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from lti_tool.mentoring.enrolment.details import DETAILS, Details
from lti_tool.mentoring.enrolment.people.columns import IDENTIFIERS
from lti_tool.mentoring.enrolment.people.rows import MOST_PROBLEMS, PersonRow, RowProblem
from schemas.problem import Problem


def details_of_row(row: PersonRow) -> Details:
    """What a row says of somebody."""
    return Details(*(getattr(row, name) for name in DETAILS))


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """Somebody whom the platform has named: a member of one of the cohort's courses, or in the cohort."""

    person_id: uuid.UUID
    user_id: str
    user_name: str | None = None
    email: str | None = None
    is_learner: bool = True
    """Whether they are a learner of one of the courses now."""
    is_tutor: bool = False
    participant_id: uuid.UUID | None = None
    role: str | None = None
    details: Details = field(default_factory=Details)
    has_answered: bool = False


@dataclass(frozen=True, slots=True)
class KnownAwaited:
    """Somebody whom an earlier file has named, and who has not come yet."""

    id: uuid.UUID
    role: str
    user_id: str | None = None
    user_name: str | None = None
    email: str | None = None
    name: str | None = None
    details: Details = field(default_factory=Details)


class Outcome(enum.StrEnum):
    """What becomes of a row."""

    INVITED = "invited"
    """A person of the course who is invited now."""
    AWAITED = "awaited"
    """A person who is invited when they come."""
    UPDATED = "updated"
    """Somebody who was invited or awaited already; the file says something new of them."""
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Match:
    """A row, and who it is."""

    row: PersonRow
    outcome: Outcome
    person: KnownPerson | None = None
    awaited: KnownAwaited | None = None
    keeps_answers: bool = False
    """The person has answered the questions themselves, and the file says something else."""


@dataclass(frozen=True)
class Matches:
    """What becomes of each row, or why it is refused."""

    found: tuple[Match, ...]
    problems: tuple[RowProblem, ...] = ()
    more_problems: int = 0

    def counts(self) -> dict[str, int]:
        """How many rows have each outcome."""
        counted = dict.fromkeys(map(str, Outcome), 0)
        for match in self.found:
            counted[str(match.outcome)] += 1
        return counted


def match_rows(
    rows: Sequence[PersonRow], people: Sequence[KnownPerson], awaited: Sequence[KnownAwaited]
) -> Matches:
    """Match every row, with at most :data:`~lti_tool.mentoring.enrolment.people.rows.MOST_PROBLEMS` problems."""
    known, waiting = _Index(people), _Index(awaited)
    first_rows: dict[tuple[str, object], int] = {}
    found: list[Match] = []
    problems: list[RowProblem] = []
    wrong = 0
    for row in rows:
        result = _match(row, known, waiting)
        repeated = _repeated(row, result, first_rows)
        if isinstance(result, Match) and repeated is None:
            found.append(result)
            continue
        problem = result if isinstance(result, Problem) else Problem("same_person_as", row=repeated)
        wrong += 1
        if len(problems) < MOST_PROBLEMS:
            problems.append(RowProblem(row.number, "", problem))
    return Matches(tuple(found), tuple(problems), wrong - len(problems))


Known = TypeVar("Known", KnownPerson, KnownAwaited)


class _Index(Generic[Known]):
    """Those who are known, by each of their identifiers."""

    def __init__(self, known: Sequence[Known]) -> None:
        self._by: dict[str, dict[str, list[Known]]] = {name: defaultdict(list) for name in IDENTIFIERS}
        for each in known:
            for name in IDENTIFIERS:
                value = getattr(each, name)
                if value:
                    self._by[name][value].append(each)

    def find(self, row: PersonRow) -> list[list[Known]]:
        """Those with each of the row's identifiers, the strongest first; empty for an identifier of nobody."""
        return [self._by[name].get(value, []) for name in IDENTIFIERS if (value := getattr(row, name))]


def one_person(row: PersonRow | KnownAwaited, found: Sequence[Sequence[Known]]) -> Known | Problem | None:
    """The one whom all identifiers of a row name; None where they name nobody; else what is wrong.

    ``found``: those with each of its identifiers.
    """
    named = [group for group in found if group]
    if not named:
        return None
    candidates = named[0]
    for group in named[1:]:
        candidates = [each for each in candidates if each in group]
    if not candidates:
        return Problem("identifiers_differ")
    if len(candidates) > 1:
        return Problem("two_people")
    [one] = candidates
    # An address may have changed since; but a row that gives an id, or a user name, means nobody who has another one.
    for name in IDENTIFIERS[:2]:
        given, theirs = getattr(row, name), getattr(one, name)
        if given and theirs and given != theirs:
            return Problem("identifiers_differ")
    return one


def _match(row: PersonRow, known: _Index[KnownPerson], waiting: _Index[KnownAwaited]) -> Match | Problem:
    if row.manager and row.manager.lower() in (row.user_id, row.user_name, row.email):
        return Problem("own_manager")
    person = one_person(row, known.find(row))
    if isinstance(person, Problem):
        return person
    before = one_person(row, waiting.find(row))
    if isinstance(before, Problem):
        return before
    if person is not None and person.participant_id is not None:
        return _enrolled(row, person, before)
    if person is not None and person.is_tutor:
        return Problem("teaches_here")
    if person is not None and person.is_learner:
        return Match(row, Outcome.INVITED, person, before)
    if before is None:
        return Match(row, Outcome.AWAITED)
    changed = merged(before, row) != before
    return Match(row, Outcome.UPDATED if changed else Outcome.UNCHANGED, awaited=before)


def _enrolled(row: PersonRow, person: KnownPerson, before: KnownAwaited | None) -> Match | Problem:
    if person.role != row.role:
        return Problem("already_mentor" if person.role == "mentor" else "already_mentee")
    said = details_of_row(row)
    after = person.details.updated(said, has_answered=person.has_answered)
    changed = after != person.details or before is not None
    keeps = person.has_answered and person.details.updated(said, has_answered=False) != after
    outcome = Outcome.UPDATED if changed else Outcome.UNCHANGED
    return Match(row, outcome, person, before, keeps_answers=keeps)


def merged(before: KnownAwaited, row: PersonRow) -> KnownAwaited:
    """Somebody who is awaited, with what another row says of them."""
    return KnownAwaited(
        before.id,
        row.role,
        row.user_id or before.user_id,
        row.user_name or before.user_name,
        row.email or before.email,
        row.name or before.name,
        before.details.updated(details_of_row(row), has_answered=False),
    )


def _repeated(
    row: PersonRow, result: Match | Problem, first_rows: dict[tuple[str, object], int]
) -> int | None:
    """The number of an earlier row about the same person."""
    keys = set(_keys(row, result))
    earlier = [first_rows[key] for key in keys if key in first_rows]
    for key in keys:
        first_rows.setdefault(key, row.number)
    return min(earlier, default=None)


def _keys(row: PersonRow, result: Match | Problem) -> Iterator[tuple[str, object]]:
    """What no two rows of a file may have in common."""
    for name in IDENTIFIERS:
        if value := getattr(row, name):
            yield name, value
    if isinstance(result, Match) and result.person is not None:
        yield "person", result.person.person_id
    if isinstance(result, Match) and result.awaited is not None:
        yield "awaited", result.awaited.id

"""Looking at a file of people from end to end, before anything is added."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy.orm import Session

from lti_tool.mentoring.enrolment.people import queries
from lti_tool.mentoring.enrolment.people.columns import Columns
from lti_tool.mentoring.enrolment.people.file import Table
from lti_tool.mentoring.enrolment.people.matching import Match, match_rows
from lti_tool.mentoring.enrolment.people.rows import RowProblem, read_rows, skill_codes
from lti_tool.mentoring.programmes.queries import settings_of_cohort


@dataclass(frozen=True)
class CheckedFile:
    """A file of people, looked at from end to end."""

    columns: Columns
    count: int
    """How many rows it has."""
    matches: tuple[Match, ...]
    problems: tuple[RowProblem, ...]
    more_problems: int
    counts: dict[str, int]
    """How many rows have each outcome, as far as nothing is wrong with them."""

    @property
    def is_right(self) -> bool:
        """Whether its people can be added."""
        return not self.problems and bool(self.matches)


def check_file(db: Session, cohort_id: uuid.UUID, table: Table) -> CheckedFile:
    """Read the rows of a file and match them with the people of a cohort; nothing is changed."""
    read = read_rows(table, skill_codes(settings_of_cohort(db, cohort_id)))
    matched = match_rows(
        read.rows, queries.known_people(db, cohort_id), queries.awaited_people(db, cohort_id)
    )
    problems = sorted((*read.problems, *matched.problems), key=lambda each: each.number)
    return CheckedFile(
        read.columns,
        read.count,
        matched.found,
        tuple(problems),
        read.more_problems + matched.more_problems,
        matched.counts(),
    )

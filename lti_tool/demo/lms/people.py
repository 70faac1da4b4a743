"""People of the LMS, their roles, and what launches and the roster may say about them."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from typing import Any

from lti_tool.demo.lms.refusals import Refusal
from lti_tool.demo.lms.store import CANVAS_PEOPLE, FIRST_PEOPLE, MAIL_DOMAIN

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
LAUNCH_ROLES = {
    "student": [MEMBERSHIP + "Learner"],
    "teacher": [MEMBERSHIP + "Instructor"],
    "admin": [
        MEMBERSHIP + "Instructor",
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator",
    ],
}
"""Full URIs in launches, as Moodle sends them."""

ROSTER_ROLES = {"student": "Learner", "teacher": "Instructor"}
"""Short names in the roster, as Moodle sends them. An administrator is not enrolled."""


@dataclass(frozen=True)
class LmsPerson:
    """Somebody with an account."""

    id: int
    username: str
    given_name: str
    family_name: str
    email: str
    job_fr: str
    job_en: str
    role: str
    course_id: int | None = None
    "The course that they are in, besides those of ``enrolments``; None for every course."

    @property
    def name(self) -> str:
        """Given name, then family name."""
        return f"{self.given_name} {self.family_name}"

    @property
    def initials(self) -> str:
        """For the round badge."""
        return (self.given_name[:1] + self.family_name[:1]).upper()

    @property
    def teaches(self) -> bool:
        """Whether they may change the course."""
        return self.role in ("teacher", "assistant", "admin")

    def job(self, locale: str) -> str:
        """What they do, in the language of the page."""
        return self.job_en if locale == "en" else self.job_fr

    def identity_claims(self, claims: list[str]) -> dict[str, str]:
        """Only the names and the e-mail that the tool asked for when it registered."""
        known = {
            "name": self.name,
            "given_name": self.given_name,
            "family_name": self.family_name,
            "email": self.email,
        }
        return {claim: value for claim, value in known.items() if claim in claims}


def _person(row: sqlite3.Row) -> LmsPerson:
    return LmsPerson(**{key: row[key] for key in LmsPerson.__dataclass_fields__})


def find_person(db: sqlite3.Connection, person_id: str | int) -> LmsPerson | None:
    """The person of that id, written as launches write it; None when there is none."""
    if isinstance(person_id, str) and not (
        person_id.isascii() and person_id.isdigit() and len(person_id) < 16
    ):
        return None
    row = db.execute("SELECT * FROM people WHERE id = ?", (int(person_id),)).fetchone()
    return None if row is None else _person(row)


def is_enrolled(db: sqlite3.Connection, person_id: int, course_id: int) -> bool:
    """Whether they are in a course, and not only known to the LMS."""
    row = db.execute("SELECT enrolled FROM people WHERE id = ?", (person_id,)).fetchone()
    return row is not None and bool(row["enrolled"]) and is_of_course(db, person_id, course_id)


def is_of_course(db: sqlite3.Connection, person_id: int, course_id: int) -> bool:
    """Whether a course is theirs: everybody's but a learner's is every course; a learner may have several."""
    found = db.execute(
        "SELECT 1 FROM people WHERE id = ? AND (course_id IS NULL OR course_id = ? OR EXISTS"
        " (SELECT 1 FROM enrolments WHERE enrolments.person_id = people.id AND enrolments.course_id = ?))",
        (person_id, course_id, course_id),
    ).fetchone()
    return found is not None


def everybody(db: sqlite3.Connection) -> list[LmsPerson]:
    """All accounts, the oldest first."""
    return [_person(row) for row in db.execute("SELECT * FROM people ORDER BY id")]


def delete_person(db: sqlite3.Connection, person_id: int, *, by: int) -> None:
    """Delete an account and everything that belongs to it. Somebody of the first people, or oneself, is refused."""
    person = find_person(db, person_id)
    if person is None:
        raise Refusal(404, "no_such_person", "There is no such person here.")
    if person.username in {first[0] for first in (*FIRST_PEOPLE, *CANVAS_PEOPLE)} or person.id == by:
        raise Refusal(409, "person_stays", "This person stays.")
    for table in ("scores", "hints", "deep_links"):
        db.execute(f"DELETE FROM {table} WHERE person_id = ?", (person.id,))  # noqa: S608 - our own three tables
    db.execute("DELETE FROM people WHERE id = ?", (person.id,))


def people_of_course(db: sqlite3.Connection, course_id: int) -> list[LmsPerson]:
    """Everybody of one course, the oldest account first."""
    rows = db.execute(
        "SELECT * FROM people WHERE course_id IS NULL OR course_id = ?"
        " OR id IN (SELECT person_id FROM enrolments WHERE course_id = ?) ORDER BY id",
        (course_id, course_id),
    )
    return [_person(row) for row in rows]


def people_to_pick(db: sqlite3.Connection, course_id: int, newcomers: int = 12) -> list[LmsPerson]:
    """The course's first people, and the newest of those who were added since: what fits on a page."""
    people = people_of_course(db, course_id)
    first = len(FIRST_PEOPLE) + len(CANVAS_PEOPLE)
    if course_id > 1 or len(people) <= first + newcomers:
        return people
    return [*people[:first], *people[-newcomers:]]


def add_person(db: sqlite3.Connection, form: dict[str, Any], course_id: int | None = None) -> LmsPerson:
    """Add an account from a loaded PersonFormSchema; a missing user name or e-mail is made up.

    ``course_id``: the one course that a student is in.
    """
    username = form["username"] or f"person-{secrets.token_hex(4)}"
    email = form["email"] or f"{username}@{MAIL_DOMAIN}"
    try:
        added = db.execute(
            "INSERT INTO people (username, given_name, family_name, email, job_fr, job_en, role, course_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                username,
                form["given_name"],
                form["family_name"],
                email,
                form["job"],
                form["job"],
                form["role"],
                course_id if form["role"] == "student" else None,
            ),
        )
    except sqlite3.IntegrityError as error:
        raise Refusal(409, "username_taken", "Somebody has this user name already.") from error
    return _person(db.execute("SELECT * FROM people WHERE id = ?", (added.lastrowid,)).fetchone())

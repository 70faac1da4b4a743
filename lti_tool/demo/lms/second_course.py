"""The demo's second course: a company's programme that has run for a while, with people of its own."""

from __future__ import annotations

import sqlite3

from lti_tool.demo.lms.course import LmsCourse, all_courses
from lti_tool.demo.lms.people import LmsPerson, people_of_course
from lti_tool.demo.lms.store import MAIL_DOMAIN
from lti_tool.demo.seeding.names import PEOPLE

LABEL = "TN-2026"
TITLES = ("Transmettre le numérique", "Passing digital skills on")
"""French and English."""


def add_second_course(db: sqlite3.Connection) -> tuple[LmsCourse, list[LmsPerson]]:
    """Add the course and its people, unless they are there; returns it, and its learners as :data:`PEOPLE` has them."""
    known = next((course for course in all_courses(db) if course.label == LABEL), None)
    if known is None:
        added = db.execute(
            "INSERT INTO courses (label, title_fr, title_en) VALUES (?, ?, ?)", (LABEL, *TITLES)
        )
        db.executemany(
            "INSERT INTO people (username, given_name, family_name, email, role, course_id)"
            " VALUES (?, ?, ?, ?, 'student', ?)",
            [
                (f"tn.{number}", given, family, f"tn.{number}@{MAIL_DOMAIN}", added.lastrowid)
                for number, (given, family) in enumerate(PEOPLE, start=1)
            ],
        )
        known = next(course for course in all_courses(db) if course.label == LABEL)
    learners = [person for person in people_of_course(db, known.id) if person.course_id == known.id]
    return known, learners

"""The ids of a course and of its activities, as tools see them: numbers, or opaque ones under Canvas's rules."""

from __future__ import annotations

import sqlite3

from lti_tool.demo.lms.canvas import launches as canvas
from lti_tool.demo.lms.course import Link, find_link
from lti_tool.demo.lms.refusals import Refusal
from lti_tool.demo.lms.settings import LmsSettings


def shown_context_id(settings: LmsSettings, course_id: int) -> str:
    """The id of a course in claims and services."""
    return canvas.context_id(course_id) if settings.is_canvas else str(course_id)


def shown_link_id(settings: LmsSettings, link_id: int) -> str:
    """The id of an activity in claims and services."""
    return canvas.link_id(link_id) if settings.is_canvas else str(link_id)


def find_shown_link(db: sqlite3.Connection, settings: LmsSettings, given: str) -> Link | None:
    """The activity that a tool means; None where there is none."""
    if settings.is_canvas:
        numbers = (row["id"] for row in db.execute("SELECT id FROM links"))
        found = next((number for number in numbers if canvas.link_id(number) == given), None)
    else:
        found = int(given) if given.isascii() and given.isdigit() and len(given) < 16 else None
    try:
        return None if found is None else find_link(db, found)
    except Refusal:
        return None

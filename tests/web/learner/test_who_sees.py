"""“Who sees what”, on the page and in the privacy sheets, against the policy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lti_tool
from lti_tool.identity.policy import TABLE, Action, Capacity
from lti_tool.web.learner.who_sees import (
    COMPLETION,
    MEETINGS,
    NOTES,
    OBJECTIVES,
    PROGRESS,
    Subject,
    readers_of,
    who_sees,
)
from tests.builder import situations

DOCS = Path(lti_tool.__file__).parent.parent / "docs"

FEEDBACK = Subject("Feedback", "", (Action.READ_WORDS_OF_PAIR, Action.GIVE_FEEDBACK))
ROWS = {
    "name, completion": COMPLETION,
    "how far": PROGRESS,
    "days, lengths, forms and states of meetings": MEETINGS,
    "titles of objectives": OBJECTIVES,
    "notes": NOTES,
    "feedback and thanks": FEEDBACK,
    "nom, achèvement": COMPLETION,
    "avancement": PROGRESS,
    "dates, durées, formes et états des rencontres": MEETINGS,
    "titres des objectifs": OBJECTIVES,
    "notes personnelles": NOTES,
    "retours et remerciements": FEEDBACK,
}
"""Rows of the sheets' tables, by their first cell."""


def rows(name: str) -> dict[str, list[str]]:
    """The cells of each row of a sheet's table of readers, by the first."""
    text = (DOCS / name).read_text(encoding="utf-8")
    cells = [
        [cell.strip() for cell in line.strip("| \n").split(" | ")]
        for line in re.findall(r"^\|.*$", text, re.M)
    ]
    return {first: rest for first, *rest in cells if len(rest) == 6}


def test_the_page_names_the_readers_of_the_policy():
    assert {line.what: line.readers for line in who_sees(("Claire",))} == {
        "Dates, lengths and types of your meetings": "The two of you and Claire",
        "Your progress": "The two of you and Claire",
        "Your name, and the day you complete": (
            "The two of you, Claire, the people who run the programme and human resources, if the programme says so"
        ),
        "Your objectives": "The two of you; your tutor, for those you asked them to confirm",
        "Your notes": "You, and your partner if you share them",
        "What you say about yourself": (
            "The person suggested to you; your contact details, once you have both accepted"
        ),
        "Your topics, languages and time zone, if you give them": (
            "You, the person suggested to you (only the topics that suit you both, with your level) and Claire"
        ),
        "What the two of you have in common: number of topics, languages": (
            "The person suggested to you, Claire and the people who run the programme"
        ),
        "Your managers": "Nothing personal",
    }


def test_colleagues_of_the_tutor_are_a_part_of_the_list():
    lines = {line.what: line.readers for line in who_sees(("Claire", "your other tutors"))}
    assert lines["Your progress"] == "The two of you, Claire and your other tutors"


def test_another_reader_in_the_policy_is_another_one_on_the_page():
    table = {**TABLE, Action.KEEP_OBJECTIVES: frozenset({Capacity.MEMBER, Capacity.TUTOR})}
    assert {line.what: line.readers for line in who_sees(("your tutor",), table)}["Your objectives"] == (
        "The two of you; your tutor, for those you asked them to confirm and your tutor"
    )
    with pytest.raises(KeyError):
        who_sees(("your tutor",), {**TABLE, Action.KEEP_OBJECTIVES: frozenset({Capacity.OBSERVER})})


@pytest.mark.parametrize(("name", "yes"), [("privacy.md", "yes"), ("privacy.fr.md", "oui")])
def test_the_privacy_sheet_says_what_the_policy_allows(name, yes):
    found = {first: rest for first, rest in rows(name).items() if first in ROWS}
    assert len(found) == len(set(ROWS.values()))
    said = {
        first: {
            capacity
            for capacity, cell in zip((Capacity.TUTOR, Capacity.OWNER), cells[2:4], strict=True)
            if cell == yes
        }
        for first, cells in found.items()
    }
    readers = {first: readers_of(ROWS[first]) - {Capacity.MEMBER} for first in found}
    assert said == {first: held - {Capacity.HR_WITH_NAMES} for first, held in readers.items()}
    # Managers and human resources: nobody, or where the settings say so.
    named = {first for first, cells in found.items() if cells[4] not in ("no", "non")}
    assert named == {first for first, held in readers.items() if Capacity.HR_WITH_NAMES in held}


def test_it_stands_where_somebody_decides_and_on_every_first_page(visit):
    line = "Dates, lengths and types of your meetings"
    assert line in visit(situations.welcome).text()
    assert line in visit(situations.under_way).text()
    assert line in visit(situations.complete).text()

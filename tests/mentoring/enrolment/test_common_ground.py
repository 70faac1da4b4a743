"""What two people have in common, as far as it is known of both."""

from __future__ import annotations

from lti_tool.mentoring.enrolment.common_ground import common_ground
from lti_tool.mentoring.enrolment.details import Details

MENTOR = Details(1, (("ai", 4), ("data", None)), (("know-how", None),), "Finance", "A. Roy", ("fr", "en"))


def test_topics_are_those_that_one_wants_and_the_other_can_show_in_the_order_of_who_learns() -> None:
    mentee = Details(1, (("know-how", 5),), (("data", 1), ("trends", None), ("ai", 2)))
    ground = common_ground(MENTOR, mentee)
    assert (ground.for_mentee, ground.for_mentor) == (("data", "ai"), ("know-how",))
    assert (ground.languages, ground.same_department, ground.same_manager) == (None, None, None)


def test_what_is_known_of_one_alone_is_no_reason_and_what_differs_is_one_against() -> None:
    assert common_ground(MENTOR, Details()).for_mentee is None
    apart = common_ground(MENTOR, Details(1, None, (("trends", None),), " finance", "a. roy", ("de",)))
    assert (apart.for_mentee, apart.languages, apart.same_department, apart.same_manager) == (
        (),
        (),
        True,
        True,
    )


def test_who_brings_what_is_wanted_comes_first_and_who_cannot_talk_to_the_other_last() -> None:
    wants_data = Details(1, None, (("data", None),))
    speaks_german = Details(1, None, None, None, None, ("de",))
    found = [speaks_german, Details(), wants_data]
    assert sorted(found, key=lambda mentee: common_ground(MENTOR, mentee).rank) == [
        wants_data,
        Details(),
        speaks_german,
    ]

"""The one builder of test data. A test says what it needs; everything else has a default.

::

    pair = build.cohort().pair()
    pair.session().confirm()
    assert verbs(services) == …

A fact is made by the tool's own action, in a transaction with its consequences: events, projections, statements and
scores are those that the tool makes. What a launch or a roster leaves behind is written as rows (``rows.py``), for a
launch appends no event; a crowd of a thousand (``crowd.py``) too, for its size.

| to make | open |
|---|---|
| an organisation, a platform, a course, a person, an activity | ``places.py`` |
| a programme, its cohort, who takes part | ``cohorts.py`` |
| a pair, what it does: meetings, objectives | ``pairs.py`` |
| the present that facts are made in | ``clock.py`` |
| the small programme that most tests begin with | ``world.py`` |
| everything that a page can show | ``situations.py`` |
| a cohort of 46 people with ten weeks behind it | ``weeks.py`` |
| a long random history | ``history.py`` |
| the tool and a strict LMS that know each other | ``connected.py`` |

What a later feature adds to an organisation, a cohort or a pair is a method there that returns a value with its id.
"""

from tests.builder.build import Builder
from tests.builder.clock import NOW, Clock
from tests.builder.cohorts import BuiltCohort, BuiltParticipant, BuiltProgramme
from tests.builder.pairs import BuiltObjective, BuiltPair, BuiltSession
from tests.builder.places import BuiltActivity, BuiltCourse, BuiltOrganisation, BuiltPerson, BuiltPlatform
from tests.builder.rows import (
    add_course,
    add_deployment,
    add_link,
    add_organisation,
    add_person,
    add_registration,
)
from tests.builder.world import World, person_principal

__all__ = [
    "NOW",
    "Builder",
    "BuiltActivity",
    "BuiltCohort",
    "BuiltCourse",
    "BuiltObjective",
    "BuiltOrganisation",
    "BuiltPair",
    "BuiltParticipant",
    "BuiltPerson",
    "BuiltPlatform",
    "BuiltProgramme",
    "BuiltSession",
    "Clock",
    "World",
    "add_course",
    "add_deployment",
    "add_link",
    "add_organisation",
    "add_person",
    "add_registration",
    "person_principal",
]

"""Where the database holds text about a person, or text that a person wrote: what erasing a person has to delete.

A new column with such text has its line here; ``tests/composition/test_personal_data.py`` fails without it. Ids, codes,
numbers and dates are not listed. The event log, statements and scores hold no such text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import InstrumentedAttribute

from lti_tool.identity.models import Person
from lti_tool.lti.forms.models import KeptForm
from lti_tool.lti.launch.models import LaunchHandoff, LaunchSession
from lti_tool.mentoring.completion.models import Reopening
from lti_tool.mentoring.enrolment.models import ParticipantSkill, ParticipantTraits
from lti_tool.mentoring.enrolment.people.models import AwaitedPerson, PeopleImport
from lti_tool.mentoring.feedback.models import Feedback
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.mentoring.profiles.models import ProfileRow
from lti_tool.mentoring.programmes.right_models import HrLink
from lti_tool.mentoring.reflections.models import Reflection


@dataclass(frozen=True)
class PersonalText:
    """A column with personal text."""

    column: InstrumentedAttribute[Any]
    owner: InstrumentedAttribute[Any] | None
    """The column of the same table that leads to a person or a participant, whose text it is. None: the text says."""
    is_whole_row: bool = False
    """The row means nothing without the text, and is deleted; otherwise the text alone is."""


PERSONAL_TEXTS: Final[tuple[PersonalText, ...]] = (
    PersonalText(Person.subject, Person.id),
    PersonalText(Person.name, Person.id),
    PersonalText(Person.given_name, Person.id),
    PersonalText(Person.family_name, Person.id),
    PersonalText(Person.email, Person.id),
    PersonalText(Person.user_name, Person.id),
    PersonalText(Objective.title, Objective.created_by),
    PersonalText(Reflection.words, Reflection.author_id),
    PersonalText(Feedback.words, Feedback.author_id),
    PersonalText(Reopening.reason, Reopening.participant_id),
    PersonalText(ProfileRow.brings, ProfileRow.participant_id, is_whole_row=True),
    PersonalText(ProfileRow.wants, ProfileRow.participant_id, is_whole_row=True),
    PersonalText(ProfileRow.job, ProfileRow.participant_id, is_whole_row=True),
    PersonalText(ProfileRow.place, ProfileRow.participant_id, is_whole_row=True),
    PersonalText(ProfileRow.email, ProfileRow.participant_id, is_whole_row=True),
    PersonalText(ProfileRow.phone, ProfileRow.participant_id, is_whole_row=True),
    PersonalText(ProfileRow.chat, ProfileRow.participant_id, is_whole_row=True),
    PersonalText(ParticipantSkill.skill, ParticipantSkill.participant_id, is_whole_row=True),
    PersonalText(ParticipantTraits.department, ParticipantTraits.participant_id, is_whole_row=True),
    PersonalText(ParticipantTraits.manager, ParticipantTraits.participant_id, is_whole_row=True),
    PersonalText(ParticipantTraits.languages, ParticipantTraits.participant_id, is_whole_row=True),
    PersonalText(AwaitedPerson.user_id, None, is_whole_row=True),
    PersonalText(AwaitedPerson.user_name, None, is_whole_row=True),
    PersonalText(AwaitedPerson.email, None, is_whole_row=True),
    PersonalText(AwaitedPerson.name, None, is_whole_row=True),
    PersonalText(AwaitedPerson.details, None, is_whole_row=True),
    PersonalText(PeopleImport.content, None, is_whole_row=True),
    PersonalText(PeopleImport.file_name, None, is_whole_row=True),
    PersonalText(KeptForm.content, KeptForm.person_id, is_whole_row=True),
    PersonalText(LaunchSession.shown_subjects, None),
    PersonalText(HrLink.made_for, None),
    PersonalText(LaunchHandoff.launch, None, is_whole_row=True),
)

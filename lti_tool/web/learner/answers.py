"""What helps to choose a partner: the topics that somebody brings and would like to learn, and how they can meet.

All of it is optional. The tutors of the group see the answers; the partner does not (:mod:`.about_me` is for them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from babel import Locale
from flask import Blueprint, abort, g, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.enrolment.details import Details
from lti_tool.mentoring.enrolment.details_actions import save_answers
from lti_tool.mentoring.enrolment.details_queries import details_of
from lti_tool.mentoring.enrolment.queries import ParticipantRecord
from lti_tool.mentoring.programmes.former_skills import former_skill_names
from lti_tool.mentoring.programmes.queries import settings_of_cohort
from lti_tool.mentoring.programmes.tutor_queries import tutor_of_cohort
from lti_tool.mentoring.roles import Role
from lti_tool.translation import current_language
from lti_tool.translation import gettext as _
from lti_tool.web.access import allows
from lti_tool.web.activity import current_participant
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.learner.current import participant_of_request
from lti_tool.web.services import reading
from schemas.answers_form import CAPACITIES, LANGUAGES, TIME_ZONES, answers_form, level_field
from schemas.form_schema import FormSchema
from schemas.people_row import Skill

blueprint = Blueprint("answers", __name__, url_prefix="/l/<launch_key>")


class Questions:
    """The questions to one participant, and what is known of them."""

    def __init__(self, db: Session, participant: ParticipantRecord) -> None:
        settings = settings_of_cohort(db, participant.cohort_id)
        language = current_language()
        self.known: Details = details_of(db, [participant.id])[participant.id].details
        self.skills = [(skill["code"], skill["name"][language]) for skill in settings["skills"]]
        self.former_skills = self._former_skills(db, participant, language)
        """Those that the programme has no more, and that this participant named while it had them."""
        self.main = "offers" if participant.role == Role.MENTOR else "wants"
        """What their role is about, which is asked with levels."""
        codes = dict.fromkeys((*LANGUAGES, *(self.known.languages or ())))
        self.languages = [(code, _language_name(code, language)) for code in codes]
        self.time_zones = list(dict.fromkeys((*TIME_ZONES, *filter(None, [self.known.time_zone]))))
        self.capacities = sorted({*CAPACITIES, self.known.capacity or 1})
        self.tutor = tutor_of_cohort(db, participant.cohort_id)

    def _former_skills(
        self, db: Session, participant: ParticipantRecord, language: str
    ) -> list[tuple[str, str]]:
        named = {code for code, _level in (*(self.known.offers or ()), *(self.known.wants or ()))}
        gone = named.difference(code for code, _name in self.skills)
        names = former_skill_names(db, participant.cohort_id, gone)
        return [
            (code, _("%(skill)s (no longer on the programme’s list)", skill=names[code][language]))
            for code in sorted(names)
        ]

    def topics(self, direction: str) -> list[tuple[str, str]]:
        """The skills to choose from, with those that are gone and that this participant named in ``direction``."""
        named = dict((self.known.offers if direction == "offers" else self.known.wants) or ())
        return [*self.skills, *((code, name) for code, name in self.former_skills if code in named)]

    def said(self, direction: str) -> list[tuple[str, str]]:
        """Each topic that they named in ``direction``, by its name, and their level as a code where known."""
        names = dict((*self.skills, *self.former_skills))
        named = (self.known.offers if direction == "offers" else self.known.wants) or ()
        return [(names[code], str(level or "")) for code, level in named if code in names]

    @property
    def schema(self) -> FormSchema:
        """The form."""
        return answers_form(
            [code for code, _name in (*self.skills, *self.former_skills)],
            [code for code, _name in self.languages],
            self.time_zones,
        )

    def given(self) -> list[tuple[str, str]]:
        """What is known, as the form would send it."""
        known = self.known
        return [
            *(("offers", code) for code, _level in known.offers or ()),
            *(("wants", code) for code, _level in known.wants or ()),
            *(
                (level_field(code), str(level))
                for code, level in (known.offers if self.main == "offers" else known.wants) or ()
                if level is not None
            ),
            *(("languages", code) for code in known.languages or ()),
            ("time_zone", known.time_zone or ""),
            ("capacity", str(known.capacity or 1)),
        ]

    def answers(self, values: Mapping[str, Any]) -> Details:
        """What was answered. A level that nobody is asked for stays, as long as its skill does."""
        return Details(
            values["capacity"],
            self._skills("offers", values),
            self._skills("wants", values),
            languages=tuple(values["languages"]) or None,
            time_zone=values["time_zone"],
        )

    def _skills(self, direction: str, values: Mapping[str, Any]) -> tuple[Skill, ...] | None:
        before = dict((self.known.offers if direction == "offers" else self.known.wants) or ())
        codes: Sequence[str] = values[direction]
        return (
            tuple(
                sorted(
                    (code, values[level_field(code)] if direction == self.main else before.get(code))
                    for code in codes
                )
            )
            or None
        )


def _language_name(code: str, language: str) -> str:
    """What a language is called in another one, as the first word of a line."""
    name = Locale(language).languages.get(code, code)
    return str(name)[:1].upper() + str(name)[1:]


def questions() -> Questions:
    """Those to whoever asks."""
    participant = current_participant() or abort(404)
    with reading() as db:
        return Questions(db, participant)


@blueprint.get("/topics")
@allows(Action.DESCRIBE_ONESELF, about=participant_of_request)
def show() -> ResponseReturnValue:
    """The questions, with what is known so far."""
    asked = questions()
    given = asked.given()
    form = blank_form(asked.schema, dict(given), id="topics")
    form.content = given
    return _page(form, asked)


def _page(form: Form, asked: Questions) -> ResponseReturnValue:
    html = render_template(
        "learner/answers.html",
        form=form,
        questions=asked,
        level_field=level_field,
        tutor=asked.tutor,
        course_title=g.launch.course.title,
    )
    return html, form.status


@blueprint.post("/topics")
@allows(Action.DESCRIBE_ONESELF, about=participant_of_request)
def save() -> ResponseReturnValue:
    """Keep the answers, in place of what was known."""
    participant, asked = current_participant() or abort(404), questions()

    def keep(db: Session, values: Values) -> None:
        answers = asked.answers(values)
        save_answers(db, participant_id=participant.id, answers=answers, now=utcnow())

    return sent_form(asked.schema, id="topics").submit(
        keep,
        then=launch_url_for("own_profile.show"),
        done="answers_saved",
        show=lambda form: _page(form, asked),
    )

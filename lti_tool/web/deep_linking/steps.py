"""The two steps in which a tutor chooses what an activity opens: a template, and a few questions about it.

The second step is the first one's form again, with the questions in sight and the rest of it hidden. Whoever sends the
first step without asking for the second takes the template as it is. At an activity the second step also asks how the
programme begins and who takes part, which the content picker asks at once.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Final

from flask import request

from lti_tool.database import utcnow
from lti_tool.mentoring.programmes.beginning import Beginning
from lti_tool.mentoring.programmes.settings import Answers
from lti_tool.translation import current_language
from lti_tool.web.deep_linking.offer import Offer, OfferedProgramme
from lti_tool.web.forms.bound import Form, blank_form
from schemas.content_items import QUESTIONS
from schemas.problem import ShapeError

GO_TO: Final = "go_to"
"""A button: show the form at this step, with nothing checked but what the step before asks."""
AT: Final = "at"
"""The step at which the form was sent."""
ANSWERED_OF: Final = "answered_of"
"""The template whose questions the form has answers to."""


class Step(enum.StrEnum):
    """The steps."""

    TEMPLATE = "template"
    QUESTIONS = "questions"


def step_of_request() -> Step:
    """At which step the form that was sent is to be shown again."""
    return Step.QUESTIONS if request.form.get(AT) == Step.QUESTIONS else Step.TEMPLATE


def other_step(form: Form, offer: Offer, *, asks_who_joins: bool = False) -> tuple[Form, Step] | None:
    """The form at the step that its button asks for; None where the form is to be sent.

    A form with something wrong in the first step stays there. Whoever joins a group is asked nothing more, unless
    ``asks_who_joins``: then, who takes part.
    """
    wanted = request.form.get(GO_TO)
    if wanted == Step.TEMPLATE:
        return _at(form, dict(form.given)), Step.TEMPLATE
    if wanted != Step.QUESTIONS:
        return None
    try:
        values = form.read()
    except ShapeError as error:
        form.problems = error.problems
        return form, Step.TEMPLATE
    if values["group"] is not None:
        return (_at(form, dict(form.given)), Step.QUESTIONS) if asks_who_joins else None
    chosen = offer.chosen(values["template"])
    given = dict(form.given)
    if given.get(ANSWERED_OF) != chosen.value:
        given |= answers_of(chosen)
    return _at(form, {**given, ANSWERED_OF: chosen.value}), Step.QUESTIONS


def _at(form: Form, given: dict[str, str]) -> Form:
    return blank_form(form.schema, given, id=form.id, action=form.action)


def answers_of(programme: OfferedProgramme) -> dict[str, str]:
    """What the few questions propose: as the template has it, from today."""
    document = programme.document
    return {
        "name": document["title"][current_language()],
        "starts_on": utcnow().date().isoformat(),
        "months": str(document["dates"]["duration_months"]),
        "sessions": str(document["rhythm"]["sessions"]),
        "minutes": str(document["rhythm"]["minutes"]),
        "goal": document["goal"][current_language()],
    }


def chosen_in(form: Form, offer: Offer) -> OfferedProgramme:
    """The programme that a form has chosen; the first one where it has chosen none that is offered."""
    return next(
        (each for each in offer.programmes if each.value == form.given.get("template")), offer.programmes[0]
    )


def beginning_of(values: Mapping[str, Any]) -> Beginning:
    """How a tutor wants a new group to begin, by the checked values of the form.

    Answers about another template than the one that was chosen in the end say nothing.
    """
    is_about_it = request.form.get(ANSWERED_OF, values["template"]) == values["template"]
    answered = is_about_it and any(values[name] is not None for name in QUESTIONS)
    answers = Answers(language=current_language(), **{name: values[name] for name in QUESTIONS})
    return Beginning(answers if answered else None, set_up_first=values["begin"] == "set-up")

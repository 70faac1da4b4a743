"""The objectives of a pair, in either direction: proposed by one, agreed by both, claimed by who learns, confirmed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.mentoring.journey.views import ObjectiveLine
from lti_tool.mentoring.objectives import actions, refusals
from lti_tool.mentoring.programmes.former_skills import former_skill_names
from lti_tool.mentoring.programmes.queries import settings_of_cohort
from lti_tool.translation import current_language
from lti_tool.web.access import allows
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.learner.current import kept_pair_of_request, pair_of_request, pair_page, user_today
from lti_tool.web.services import reading
from lti_tool.web.time_zone import reader_today
from schemas import choices
from schemas.objective_forms import (
    TITLE_LENGTH,
    ChooseObjectiveForm,
    EditObjectiveForm,
    MoveObjectiveForm,
    ObjectiveForm,
)

blueprint = Blueprint("objectives", __name__, url_prefix="/l/<launch_key>/objectives")


@blueprint.get("")
@allows(Action.VIEW_OWN_PAIR, about=kept_pair_of_request)
def index() -> ResponseReturnValue:
    """Both directions, and the form that proposes another, as long as the pair goes on."""
    page = pair_page()
    proposed = {"direction": page.journey.me.role, "tag": "skills", "required": "yes"}
    action = launch_url_for("objectives.propose", pair=page.pair.id)
    return _page(blank_form(ObjectiveForm(), proposed, id="objective", action=action))


def _page(form: Form) -> ResponseReturnValue:
    page = pair_page()
    skills = _skills()
    named = {line.skill for line in page.pair.objectives if line.skill is not None}
    with reading() as db:
        former = former_skill_names(db, page.record.cohort_id, named.difference(skills))
    chosen = {line.catalogue_code for line in page.pair.objectives if line.status != "withdrawn"}
    html = render_template(
        "learner/objectives.html",
        form=form,
        today=_today(),
        skills=skills,
        skill_names=skills | {code: name[current_language()] for code, name in former.items()},
        catalogue=[entry for entry in _catalogue() if entry.code not in chosen],
        levels=range(1, choices.HIGHEST_LEVEL + 1),
        **page.values(),
    )
    return html, form.status


def _skills() -> dict[str, str]:
    """The programme's skills in the present language, by code."""
    with reading() as db:
        settings = settings_of_cohort(db, pair_page().record.cohort_id)
    return {skill["code"]: skill["name"][current_language()] for skill in settings["skills"]}


@dataclass(frozen=True)
class CatalogueEntry:
    """An objective that the programme offers."""

    code: str
    title: str
    direction: str
    """The role of the one who learns."""
    skill: str
    """The name of the skill; empty where it is about none in particular."""
    level: int | None
    trend: bool
    accepts: tuple[str, ...]
    """Whose word is enough for it to be reached."""
    values: Mapping[str, Any]
    """What an objective takes over from it, by the arguments of ``propose_objective``."""


def _catalogue() -> list[CatalogueEntry]:
    """What the programme offers, in the present language; without what only a record store could confirm."""
    with reading() as db:
        settings = settings_of_cohort(db, pair_page().record.cohort_id)
    language = current_language()
    skills = {skill["code"]: skill["name"][language] for skill in settings["skills"]}
    return [
        CatalogueEntry(
            code=each["code"],
            title=each["title"][language],
            direction=each["direction"],
            skill=skills.get(each["skill"], ""),
            level=each["level"],
            trend=each["trend"],
            accepts=accepts,
            values={
                "title": each["title"][language][:TITLE_LENGTH],
                **{name: each[name] for name in ("direction", "tag", "skill", "level", "trend")},
                "accepts": accepts,
                "catalogue_code": each["code"],
            },
        )
        for each in settings.get("objectives", ())
        if (accepts := tuple(who for who in each["evidence"] if who in choices.EVIDENCE_OF_PEOPLE))
    ]


def _today() -> str:
    return reader_today().isoformat()


@blueprint.post("")
@allows(Action.KEEP_OBJECTIVES, about=pair_of_request)
def propose() -> ResponseReturnValue:
    """Propose an objective; the partner is asked."""
    page, now = pair_page(), utcnow()

    def save(db: Session, values: Values) -> None:
        actions.propose_objective(db, pair_id=page.pair_id, by=page.participant.id, now=now, **values)

    return sent_form(
        ObjectiveForm(today=_earliest(now), skills=_skills() if request.form.get("skill") else ()),
        id="objective",
    ).submit(
        save,
        then=_all_of(page.pair_id),
        done="objective_proposed",
        show=_page,
    )


def _earliest(now: dt.datetime) -> dt.date:
    """The person's own day, or the server's where that is earlier."""
    return min(user_today(now), now.date())


def _all_of(pair_id: uuid.UUID) -> str:
    return launch_url_for("objectives.index", pair=pair_id)


@blueprint.post("/choose")
@allows(Action.KEEP_OBJECTIVES, about=pair_of_request)
def choose() -> ResponseReturnValue:
    """Propose an objective of the programme's list; the partner is asked."""
    page = pair_page()

    def save(db: Session, values: Values) -> None:
        entry = next((each for each in _catalogue() if each.code == values["code"]), None)
        if entry is None:
            raise NotAllowed("not_in_catalogue")
        actions.propose_objective(
            db, pair_id=page.pair_id, by=page.participant.id, now=utcnow(), required=True, **entry.values
        )

    return sent_form(ChooseObjectiveForm()).submit(
        save, then=_all_of(page.pair_id), done="objective_proposed"
    )


@blueprint.get("/<uuid:objective_id>/edit")
@allows(Action.KEEP_OBJECTIVES, about=pair_of_request)
def edit(objective_id: uuid.UUID) -> ResponseReturnValue:
    """The form of an objective as it is, to change it."""
    line = _line(objective_id)
    present = {
        "title": line.title,
        "tag": line.tag,
        "target_on": line.target_on.isoformat() if line.target_on else "",
    }
    return _edit_page(blank_form(EditObjectiveForm(), present, id="objective-edit"), line)


def _edit_page(form: Form, line: ObjectiveLine) -> ResponseReturnValue:
    html = render_template(
        "learner/objective_form.html", form=form, line=line, today=_today(), **pair_page().values()
    )
    return html, form.status


@blueprint.post("/<uuid:objective_id>/edit")
@allows(Action.KEEP_OBJECTIVES, about=pair_of_request)
def save_edit(objective_id: uuid.UUID) -> ResponseReturnValue:
    """Keep the change; the partner is asked again."""
    page, line, now = pair_page(), _line(objective_id), utcnow()

    def save(db: Session, values: Values) -> None:
        actions.edit_objective(db, objective_id=objective_id, by=page.participant.id, now=now, **values)

    # One that is overdue can be reworded without another date.
    due = min(_earliest(now), line.target_on) if line.target_on else _earliest(now)
    return sent_form(EditObjectiveForm(today=due), id="objective-edit").submit(
        save, then=_all_of(page.pair_id), done="objective_edited", show=partial(_edit_page, line=line)
    )


@blueprint.post("/<uuid:objective_id>")
@allows(Action.KEEP_OBJECTIVES, about=pair_of_request)
def move(objective_id: uuid.UUID) -> ResponseReturnValue:
    """Agree or decline, claim, confirm or say “not yet”, remove; or say that one has read such a no."""
    form, page = sent_form(MoveObjectiveForm()), pair_page()
    sent = form.read()
    verb, done = _MOVES[sent["move"]]
    seen = {"revision": sent["revision"]} if sent["move"] in ("agree", "decline") else {}
    then = page.home if sent["move"] == "read" else _all_of(page.pair_id)

    def save(db: Session, _values: Values) -> None:
        verb(db, objective_id=objective_id, by=page.participant.id, now=utcnow(), **seen)

    return form.submit(save, then=then, done=done)


_MOVES: Final[Mapping[str, tuple[Callable[..., None], str | None]]] = {
    "agree": (actions.agree_to_objective, "objective_agreed"),
    "decline": (refusals.decline_objective, "objective_declined"),
    "claim": (actions.claim_objective, "objective_claimed"),
    "reach": (actions.confirm_objective, "objective_reached"),
    "not_yet": (refusals.dispute_claim, "objective_not_yet"),
    "read": (refusals.read_refusal, None),
    "withdraw": (actions.withdraw_objective, "objective_withdrawn"),
}


def _line(objective_id: uuid.UUID) -> ObjectiveLine:
    """The objective as whoever looks sees it, as long as it can change."""
    line = next((line for line in pair_page().pair.objectives if line.id == objective_id), None)
    if line is None or not line.can_edit:
        raise NotAllowed("objective_over")
    return line

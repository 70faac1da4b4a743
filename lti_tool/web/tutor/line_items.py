"""The activity's column in the gradebook on the tutor's page: whether there is one, and having one made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, g
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.lti.ags.line_item_job import can_be_looked_for, request_line_item
from lti_tool.lti.ags.line_items import LINE_ITEM_SCOPE
from lti_tool.lti.ags.models import OwnLineItemStatus
from lti_tool.lti.ags.own_line_items import OwnLineItemState, state_of_link
from lti_tool.lti.platforms.base import Platform
from lti_tool.mentoring.programmes.offers import is_without_grade
from lti_tool.translation import gettext as _
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.forms.bound import Values, sent_form
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.services import current_principal, reading, transaction
from schemas.form_schema import FormSchema
from schemas.problem import N_

blueprint = Blueprint("line_item", __name__, url_prefix="/l/<launch_key>/cohort/line-item")

_WORDS: Final[Mapping[OwnLineItemStatus, str]] = {
    OwnLineItemStatus.LOOKING: N_(
        "Your platform is being asked whether the gradebook already has a column for this activity."
    ),
    OwnLineItemStatus.ASKED: N_(
        "A column is being created in the gradebook. Open this page again in a moment."
    ),
    OwnLineItemStatus.REFUSED: N_("Your platform has not created a column in the gradebook: %(words)s"),
    OwnLineItemStatus.UNSURE: N_(
        "It is not known whether your platform has created a column in the gradebook. Look for it there; if there "
        "is none, have it created again."
    ),
    OwnLineItemStatus.FOUND: N_("The gradebook has a column for this activity, and grades go there."),
    OwnLineItemStatus.MADE: N_("This tool had a column created in the gradebook, and grades go there."),
}


_UNDER_WAY: Final = (OwnLineItemStatus.LOOKING, OwnLineItemStatus.ASKED)


@dataclass(frozen=True)
class LineItemNotice:
    """What the page says of the column."""

    is_there: bool
    """Whether grades go anywhere."""
    advice: str
    """How to get one that completes the activity; empty where there is no better one."""
    words: str
    """What is known of the one that was looked for; empty where there is nothing to say."""
    note: str
    """What one that the tool makes is good for; empty where that is of no interest."""
    can_be_made: bool
    """Whether the tutor may have one made."""
    fault: str = ""
    """What the platform answered where it could not be asked so far."""
    is_wanted: bool = True
    """False where the activity was added without a grade on purpose."""


def notice(lms: Platform) -> LineItemNotice | None:
    """What to say of the column of the launch's activity; None where its launches name one.

    The platform is asked when that is due, behind the page.
    """
    link = g.launch.resource_link
    if link.line_item_url not in (None, link.own_line_item_url):
        return None
    if not can_be_looked_for(link.line_items_url, link.scopes):
        advice = lms.line_item_advice_for(link.scopes).text
        return LineItemNotice(False, advice, "", "", can_be_made=False)
    with reading() as db:
        state = state_of_link(db, link.id)
        unwanted = state is None and is_without_grade(db, link.content_id)
    if unwanted:
        words = _(
            "It was added without a grade, as its teacher chose: nothing is looked for in the gradebook."
        )
        return LineItemNotice(
            False, "", words, "", can_be_made=LINE_ITEM_SCOPE in link.scopes, is_wanted=False
        )
    if state is None or state.is_due(utcnow()):
        with transaction() as db:
            request_line_item(db, link.id, current_principal())
            state = state_of_link(db, link.id)
    return None if state is None else _notice_of(state, lms, may_make=LINE_ITEM_SCOPE in link.scopes)


def _notice_of(state: OwnLineItemState, lms: Platform, *, may_make: bool) -> LineItemNotice:
    can_be_made = may_make and state.can_be_asked_for
    is_made = state.status is OwnLineItemStatus.MADE
    note = lms.made_line_item_note
    words = _WORDS.get(state.status)
    return LineItemNotice(
        is_there=state.is_there,
        advice=lms.line_item_advice.text if not state.is_there or (is_made and note is not None) else "",
        words=_(words, words=state.reason or "") if words else "",
        note=note.text if note is not None and (can_be_made or is_made) else "",
        can_be_made=can_be_made,
        fault=state.reason or "" if state.status in _UNDER_WAY else "",
    )


@blueprint.post("/make")
@allows(Action.MAKE_LINE_ITEM, about=cohort_of_launch)
def make() -> ResponseReturnValue:
    """Have a column made in the gradebook for the activity, where it has none."""
    link_id, principal = g.launch.resource_link.id, current_principal()

    def save(db: Session, _values: Values) -> None:
        request_line_item(db, link_id, principal, make=True)

    return sent_form(FormSchema()).submit(save, then=launch_url_for("home.home"), done="line_item_asked")

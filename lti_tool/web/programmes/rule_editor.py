"""The page on which a tutor drafts a cohort's completion rule, sees whom it would change something for, and applies it.

Every button of its form keeps what was typed: the draft is saved as one goes, and whatever is wrong is shown where it
stands. Nothing needs a script; with one the draft is saved, and tried, at each change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.composition.rule_preview import RuleInForce, apply_draft, rule_in_force
from lti_tool.database import utcnow
from lti_tool.identity.models import Person, display_name
from lti_tool.identity.policy import Action
from lti_tool.mentoring.completion.drafts import discard_draft, save_draft
from lti_tool.mentoring.completion.queries import DraftRecord, criterion_schemas, rule_draft
from lti_tool.mentoring.guards import require
from lti_tool.web import wording
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.forms import controls
from lti_tool.web.forms.bound import Form, Values
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import course_title, launch_url_for
from lti_tool.web.programmes import rule_lines, rule_trial, rule_wording, typed_rule
from lti_tool.web.programmes.current import cohort_here
from lti_tool.web.programmes.typed_rule import Move, TypedRule
from lti_tool.web.services import current_principal, reading
from schemas.completion_rule import dump_draft_rule, load_draft_rule, rule_problems
from schemas.form_schema import FormSchema
from schemas.problem import Problem, ShapeError

blueprint = Blueprint("rule_editor", __name__, url_prefix="/l/<launch_key>/programme")

FORM_ID: Final = "completion-rule"


@dataclass(frozen=True)
class Read:
    """What the page is made from."""

    in_force: RuleInForce
    draft: DraftRecord | None
    edited_by: str | None
    """Who saved the draft, where that was somebody else; empty where they have no name."""

    @property
    def document(self) -> dict[str, Any]:
        """The rule in force as JSON, every default written out."""
        return canonical(rule_trial.json_of(self.in_force.record))

    @property
    def typed(self) -> TypedRule:
        """The rule in force, as the form shows it."""
        return typed_rule.from_document(self.document)

    @property
    def revision(self) -> int:
        """Of the draft; 0 where there is none."""
        return self.draft.revision if self.draft is not None else 0


def canonical(document: Mapping[str, Any]) -> dict[str, Any]:
    """A rule's JSON with every default written out. Raises :class:`schemas.problem.ShapeError`."""
    return dump_draft_rule(load_draft_rule(document, criterion_schemas()), criterion_schemas())


def read(db: Session) -> Read:
    """The rule and its draft in the cohort of the launch."""
    cohort_id = cohort_here()
    draft = rule_draft(db, cohort_id)
    edited_by = None
    if draft is not None and draft.edited_by not in (None, current_principal().person_id):
        edited_by = display_name(db.get_one(Person, draft.edited_by)) or ""
    return Read(rule_in_force(db, cohort_id), draft, edited_by)


@dataclass(frozen=True)
class PutAside:
    """The one of two drafts that was not chosen. It is in the page alone, until the next draft is saved."""

    rule: TypedRule
    is_mine: bool
    """Whether the reader had typed it; else somebody else had saved it."""


class RuleForm(Form):
    """The form of the page, whose fields depend on the rule."""

    def __init__(
        self, rule: TypedRule, *, seen: int, sent: bool, is_given_up: bool = False, action: str | None = None
    ) -> None:
        """``rule``: as it is shown. ``seen``: the revision of the draft that whoever looks at it has seen.

        ``is_given_up``: what was typed is not kept, so nothing can be wrong with it.
        """
        super().__init__(
            FormSchema(),
            FORM_ID,
            action or launch_url_for("rule_editor.edit"),
            request.form if sent else {},
            key=str(controls.sent_key()) if sent else controls.new_form_key(),
            content=controls.sent_content() if sent else (),
        )
        self.rule = rule
        self.seen = seen
        self.is_given_up = is_given_up

    def read(self) -> Values:
        """The draft as JSON. Raises :class:`schemas.problem.ShapeError`."""
        if self.is_given_up:
            return {}
        return {"rule": canonical(self.rule.document())}


@blueprint.route("/rule", methods=["GET", "POST"])
@allows(Action.CHANGE_RULE, about=cohort_of_launch)
def edit() -> ResponseReturnValue:
    """The rule, its draft, and what that would change; or what a button of the page asks for."""
    with reading() as db:
        found = read(db)
    if request.method == "GET":
        rule = typed_rule.from_document(found.draft.rule) if found.draft is not None else found.typed
        return page(RuleForm(rule, seen=found.revision, sent=False), found)
    move = typed_rule.read_move(request.form.get("do", ""))
    sent = typed_rule.from_fields(controls.sent_content())
    if any(each.type not in typed_rule.STARTS for _path, each in sent.each()):
        abort(400)
    rule = typed_rule.after(sent, move, found.typed)
    form = RuleForm(rule, seen=_seen(move), sent=True, is_given_up=move.name == "give-up")
    if move.name == "take":
        # Nothing is saved: the draft is what somebody else has made of it.
        saved = typed_rule.from_document(found.draft.rule) if found.draft is not None else found.typed
        return page(
            RuleForm(saved, seen=found.revision, sent=False), found, aside=PutAside(rule, is_mine=True)
        )
    if move.name == "discard":
        # What was typed is lost for good: the page says what that is, and asks.
        return page(form, found, asks_to_give_up=True)
    return form.submit(
        lambda db, values: _save(db, found, move, form, values),
        then=_where(move, sent, rule),
        done={"apply": "rule_applied", "give-up": "rule_discarded"}.get(move.name),
        show=lambda shown: page(shown, found, is_tried_again=shown.refusal_code == "preview_outdated"),
        answer=partial(_written_over, found, rule) if move.name == "overwrite" else None,
    )


def _written_over(before: Read, rule: TypedRule) -> ResponseReturnValue:
    """The page after a draft has taken the place of another one, which can be brought back."""
    with reading() as db:
        found = read(db)
    lost = typed_rule.from_document(before.draft.rule) if before.draft is not None else None
    aside = PutAside(lost, is_mine=False) if lost is not None and lost != rule else None
    saved = typed_rule.from_document(found.draft.rule) if found.draft is not None else found.typed
    return page(RuleForm(saved, seen=found.revision, sent=False), found, aside=aside)


def _seen(move: Move) -> int:
    """The revision of the draft that the person has looked at: that of the page, or the one to be written over."""
    text = move.path if move.name == "overwrite" else request.form.get("seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _where(move: Move, before: TypedRule, rule: TypedRule) -> str:
    """The address after a button: where its effect is seen."""
    address = launch_url_for("rule_editor.edit")
    if move.name in ("add", "restore"):
        old = {each.id for _path, each in before.each()}
        added = next((each.id for _path, each in rule.each() if each.id not in old), None)
        return f"{address}#line-{added}" if added else address
    if move.name in ("up", "down"):
        moved = dict(before.each()).get(move.path)
        return f"{address}#line-{moved.id}" if moved is not None else address
    return f"{address}#conditions" if move.name == "remove" else address


def _save(db: Session, found: Read, move: Move, form: RuleForm, values: Values) -> None:
    """Keep the draft, and do what the button says."""
    cohort_id, now = found.in_force.record.cohort_id, utcnow()
    if move.name == "give-up":
        discard_draft(db, cohort_id=cohort_id, seen=form.seen)
        return
    if values["rule"] == found.document and form.seen == found.revision:
        # What is in force already is no draft.
        require(move.name != "apply", "nothing_to_apply")
        discard_draft(db, cohort_id=cohort_id)
        return
    save_draft(db, cohort_id=cohort_id, rule=values["rule"], seen=form.seen, now=now)
    if move.name == "apply":
        apply_draft(db, cohort_id=cohort_id, previewed=request.form.get("preview", ""), now=now)


def page(
    form: Form,
    found: Read,
    *,
    is_tried_again: bool = False,
    asks_to_give_up: bool = False,
    aside: PutAside | None = None,
) -> ResponseReturnValue:
    """The page with a rule as it was typed. ``is_tried_again``: what was looked at before has changed since.

    ``asks_to_give_up``: it says what is lost with the draft, and asks whether to delete it.
    """
    rule = form.rule if isinstance(form, RuleForm) else found.typed
    document: dict[str, Any] | None = None
    problems: dict[str, list[Problem]] = dict(form.problems)
    try:
        loaded = load_draft_rule(rule.document(), criterion_schemas())
    except ShapeError as error:
        problems |= {} if form.problems else error.problems
    else:
        document = dump_draft_rule(loaded, criterion_schemas())
        problems |= rule_problems(loaded)
    in_force = found.typed
    shown = rule_lines.Shown(
        {each.id: each for _path, each in in_force.each()}, problems, found.in_force.frame.formats
    )
    with reading() as db:
        if form.refusal_code == "draft_changed":
            found = read(db)
        trial = rule_trial.trial(
            db,
            found.in_force,
            document,
            problems,
            found.document,
            sees_figures=cohort_of_launch().teaches,
        )
    shown_lines = rule_lines.lines(rule, shown)
    differs = document != found.document
    html = render_template(
        "programmes/rule.html",
        form=form,
        rule=rule,
        lines=shown_lines,
        faults=rule_lines.faults(shown_lines),
        taken_out=rule_lines.taken_out(rule, in_force, shown),
        top_modes=rule_wording.options("", "mode", rule.mode, len(rule.criteria)),
        mode_was=None if rule.mode == in_force.mode else _mode_words(in_force.mode),
        in_force=found.in_force,
        based_on_older=found.draft is not None and found.draft.based_on != found.in_force.record.number,
        seen=form.seen if isinstance(form, RuleForm) else 0,
        draft=found.draft,
        edited_by=found.edited_by,
        is_saved=found.draft is not None and not form.problems and not form.refusal,
        differs=differs,
        theirs=rule_trial.differences(typed_rule.from_document(found.draft.rule), rule, shown)
        if form.refusal_code == "draft_changed" and found.draft is not None
        else None,
        aside=aside,
        lost=rule_trial.differences(in_force, rule, shown) if asks_to_give_up else None,
        whole_problems=[
            wording.problem(problem)
            for name in ("criteria", "k", "mode")
            for problem in problems.get(name, ())
        ],
        trial=trial,
        has_problems=bool(problems),
        is_tried_again=is_tried_again,
        names=rule_wording.names(),
        weights_said=rule_lines.weights_said(shown_lines),
        planned=rule_wording.planned(),
        course_title=course_title(),
        done=flash_message(),
    )
    return html, form.status


def _mode_words(mode: str) -> str:
    return dict(rule_wording.options("", "mode", mode))[mode]

"""The completion rule of a company's own template, as the sentence that a programme's rule is changed in.

Nobody is judged by it yet, so there is nothing to try: the page keeps what was typed from button to button, and saves
it as the template's next version.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.completion.queries import criterion_schemas, read_rule
from lti_tool.mentoring.completion.rule_sentence import sentence_for_tutor
from lti_tool.mentoring.programmes.settings import Document
from lti_tool.mentoring.programmes.template_sections import save_template_rule
from lti_tool.web import wording
from lti_tool.web.access import allows, company_of_launch
from lti_tool.web.forms import controls
from lti_tool.web.forms.bound import Form, Values
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.programmes import rule_lines, rule_trial, rule_wording, typed_rule
from lti_tool.web.programmes.rule_editor import RuleForm, canonical
from lti_tool.web.programmes.template_parts import OwnRecord, organisation, own_record, person
from lti_tool.web.programmes.typed_rule import TypedRule
from lti_tool.web.programmes.wording import format_name
from lti_tool.web.services import reading
from schemas.completion_rule import load_draft_rule, rule_problems
from schemas.problem import Problem, ShapeError

blueprint = Blueprint("template_rule", __name__, url_prefix="/l/<launch_key>/programme/templates/<code>")

SAVE: Final = "save"


class TemplateRuleForm(RuleForm):
    """The form of the page."""

    def read(self) -> Values:
        """The rule as JSON. Raises :class:`schemas.problem.ShapeError`, also for what cannot be measured yet."""
        document = super().read()["rule"]
        read_rule(document)
        return {"rule": document}


@blueprint.route("/parts/rule", methods=["GET", "POST"])
@allows(Action.KEEP_TEMPLATES, about=company_of_launch)
def show(code: str) -> ResponseReturnValue:
    """The rule; or, after a button, what it asked for."""
    with reading() as db:
        record = own_record(db, code)
    in_force = typed_rule.from_document(canonical(record.document["rule"]))
    address = launch_url_for("template_rule.show", code=code)
    if request.method == "GET":
        form = TemplateRuleForm(in_force, seen=record.number, sent=False, action=address)
        return _page(form, record, in_force)
    move = typed_rule.read_move(request.form.get("do", ""))
    sent = typed_rule.from_fields(controls.sent_content())
    if any(each.type not in typed_rule.STARTS for _path, each in sent.each()):
        abort(400)
    text = request.form.get("seen", "")
    seen = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    rule = typed_rule.after(sent, move, in_force)
    form = TemplateRuleForm(rule, seen=seen, sent=True, action=address)
    if move.name != SAVE:
        form.key = controls.new_form_key()
        return _page(form, record, in_force)

    def save(db: Session, values: Values) -> None:
        save_template_rule(
            db,
            organisation_id=organisation(),
            code=code,
            rule=values["rule"],
            seen=seen,
            by=person(),
            now=utcnow(),
        )

    then = launch_url_for("template_parts.tasks", code=code)
    return form.submit(
        save, then=then, done="section_saved", show=lambda shown: _page(shown, record, in_force)
    )


def _page(form: Form, record: OwnRecord, in_force: TypedRule) -> ResponseReturnValue:
    rule = form.rule if isinstance(form, RuleForm) else in_force
    problems: dict[str, list[Problem]] = dict(form.problems)
    sentence, drawing = "", None
    try:
        loaded = load_draft_rule(rule.document(), criterion_schemas())
        problems |= rule_problems(loaded)
        sentence = sentence_for_tutor(read_rule(canonical(rule.document())))
        drawing = rule_trial.drawing_of(canonical(rule.document()))
    except ShapeError as error:
        problems |= {} if form.problems else error.problems
    document: Document = record.document
    shown = rule_lines.Shown(
        {each.id: each for _path, each in in_force.each()},
        problems,
        document["formats"],
        lambda code: format_name(document, code),
    )
    lines = rule_lines.lines(rule, shown)
    html = render_template(
        "programmes/template_rule.html",
        form=form,
        record=record,
        rule=rule,
        lines=lines,
        faults=rule_lines.faults(lines),
        taken_out=rule_lines.taken_out(rule, in_force, shown),
        top_modes=rule_wording.options("", "mode", rule.mode, len(rule.criteria)),
        seen=form.seen if isinstance(form, RuleForm) else record.number,
        whole_problems=[
            wording.problem(problem)
            for name in ("criteria", "k", "mode")
            for problem in problems.get(name, ())
        ],
        names=rule_wording.names(),
        weights_said=rule_lines.weights_said(lines),
        planned=rule_wording.planned(),
        sentence=sentence,
        drawing=drawing,
    )
    return html, form.status

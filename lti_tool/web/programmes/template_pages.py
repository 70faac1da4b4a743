"""Programme templates as pages: what there is to choose from, each to be read, copied, changed, and kept as a file.

A file that is no template is shown with what is wrong on which line, in a field where it can be put right; nothing is
kept until all of it is right.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.identity.policy import Action
from lti_tool.mentoring.completion.queries import read_rule
from lti_tool.mentoring.completion.rule_sentence import sentence_for_tutor
from lti_tool.mentoring.programmes.section_form import both
from lti_tool.mentoring.programmes.template import ProgrammeTemplate, UnknownTemplateError, read_template
from lti_tool.mentoring.programmes.template_actions import copy_template, keep_template, may_change
from lti_tool.mentoring.programmes.template_file import (
    OF_A_PAGE,
    FileProblem,
    TemplateFileError,
    read_template_file,
    write_template_file,
)
from lti_tool.mentoring.programmes.template_queries import (
    TemplateRecord,
    find_template,
    template_versions,
    templates_offered,
)
from lti_tool.translation import current_language
from lti_tool.web.access import allows, check, cohort_of_launch, company_of_launch, is_allowed
from lti_tool.web.activity import current_activity
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.journey_drawing.sparkline import Sparkline
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.owner.figures import names_of
from lti_tool.web.programmes import wording
from lti_tool.web.programmes.current import set_up_here
from lti_tool.web.programmes.drawings import rhythm_drawing
from lti_tool.web.programmes.template_faults import faults_of
from lti_tool.web.services import current_principal, reading
from schemas.problem import Problem, ShapeError
from schemas.template_forms import CopyTemplateForm, TemplateFileForm, TemplateTextForm
from schemas.yaml_text import LARGEST_FILE

blueprint = Blueprint("templates", __name__, url_prefix="/l/<launch_key>/programme")


@dataclass(frozen=True)
class VersionLine:
    """One version of a company's own template, for its page."""

    number: int
    at: dt.datetime
    by: str
    """The name of who made it; empty where nobody's is known."""


@blueprint.get("/templates")
@allows(Action.READ_TEMPLATES, about=company_of_launch)
def index() -> ResponseReturnValue:
    """What there is to choose from."""
    with reading() as db:
        records = templates_offered(db, _organisation())
        authors = names_of(db, {record.changed_by for record in records if record.changed_by is not None})
        sets_up = current_activity() is not None and is_allowed(Action.SET_UP, cohort_of_launch())
        back_to = wording.own(set_up_here(db).settings.document["title"]) if sets_up else ""
    return render_template(
        "programmes/templates.html",
        records=records,
        authors=authors,
        back_to=back_to,
        drawings={record.code: _drawing(record.template) for record in records},
        own_words=wording,
        may_keep=is_allowed(Action.KEEP_TEMPLATES, company_of_launch()),
        done=flash_message(),
    )


@blueprint.get("/templates/<code>")
@allows(Action.READ_TEMPLATES, about=company_of_launch)
def show(code: str) -> ResponseReturnValue:
    """One template, to be read."""
    with reading() as db:
        record = _record(db, code)
        versions = template_versions(db, _organisation(), code) if record.is_own else ()
        people = names_of(db, {version.created_by for version in versions if version.created_by is not None})
        can_change = _can_change(db, code)
    document = record.template.document()
    return render_template(
        "programmes/template.html",
        record=record,
        may_keep=is_allowed(Action.KEEP_TEMPLATES, company_of_launch()),
        document=document,
        rule_sentence=sentence_for_tutor(read_rule(document["rule"])),
        drawing=_drawing(record.template),
        versions=[
            VersionLine(
                version.number,
                version.created_at,
                (people.get(version.created_by) if version.created_by is not None else None) or "",
            )
            for version in versions
        ],
        can_change=can_change,
        own_words=wording,
        done=flash_message(),
    )


@blueprint.get("/templates/<code>/file")
@allows(Action.READ_TEMPLATES, about=company_of_launch)
def file(code: str) -> ResponseReturnValue:
    """One template as a file, to be kept, changed in a text editor and imported again."""
    with reading() as db:
        record = _record(db, code)
    answer = Response(write_template_file(record.template), mimetype="application/yaml")
    answer.headers["Content-Disposition"] = f'attachment; filename="{record.code}.yaml"'
    return answer


@blueprint.get("/templates/<code>/copy")
@allows(Action.KEEP_TEMPLATES, about=company_of_launch)
def ask_copy(code: str) -> ResponseReturnValue:
    """Ask what the company's own template is to be called that is made from this one."""
    with reading() as db:
        title = _record(db, code).template.title
    proposed = {"title_fr": f"{title.fr} (copie)", "title_en": f"{title.en} (copy)"}
    return _copy_page(code, blank_form(CopyTemplateForm(current_language()), proposed, id="template-copy"))


def _copy_page(code: str, form: Form) -> ResponseReturnValue:
    form.say_at_field(f"title_{current_language()}", "template_name_taken")
    with reading() as db:
        record = _record(db, code)
    html = render_template("programmes/template_copy.html", form=form, record=record)
    return html, form.status


@blueprint.post("/templates/<code>/copy")
@allows(Action.KEEP_TEMPLATES, about=company_of_launch)
def copy(code: str) -> ResponseReturnValue:
    """Make the company's own template from this one."""
    with reading() as db:
        template = _record(db, code).template

    def save(db: Session, values: Values) -> None:
        title = both(values, "title")
        copy_template(db, _organisation(), template, title=title, by=_person(), now=utcnow())

    form = sent_form(CopyTemplateForm(current_language()), id="template-copy")
    return form.submit(
        save,
        then=launch_url_for("templates.index"),
        done="template_copied",
        show=lambda shown: _copy_page(code, shown),
    )


@blueprint.get("/template-of-settings")
@allows(Action.KEEP_TEMPLATES, about=company_of_launch)
def ask_own_settings() -> ResponseReturnValue:
    """Ask what the template is to be called that is made from the settings of the programme of this activity."""
    check(Action.SET_UP, cohort_of_launch())
    title, year = _template_here().title, utcnow().year
    proposed = {
        name: f"{text[:190]} ({year})" for name, text in (("title_fr", title.fr), ("title_en", title.en))
    }
    return _settings_page(blank_form(CopyTemplateForm(current_language()), proposed, id="template-copy"))


def _settings_page(form: Form) -> ResponseReturnValue:
    form.say_at_field(f"title_{current_language()}", "template_name_taken")
    html = render_template("programmes/template_of_settings.html", form=form, title=_template_here().title)
    return html, form.status


@blueprint.post("/template-of-settings")
@allows(Action.KEEP_TEMPLATES, about=company_of_launch)
def keep_own_settings() -> ResponseReturnValue:
    """Make a template of the company's from the settings of the programme of this activity."""
    check(Action.SET_UP, cohort_of_launch())
    template = _template_here()

    def save(db: Session, values: Values) -> None:
        title = both(values, "title")
        copy_template(db, _organisation(), template, title=title, by=_person(), now=utcnow())

    form = sent_form(CopyTemplateForm(current_language()), id="template-copy")
    then = launch_url_for("templates.index")
    return form.submit(save, then=then, done="template_copied", show=_settings_page)


def _template_here() -> ProgrammeTemplate:
    """The settings that the cohort of this activity runs on, and its rule, as a template."""
    with reading() as db:
        present = set_up_here(db)
    # What this programme costs is its own affair.
    settings = {
        **present.settings.document,
        "budget": {"currency": present.settings.document["budget"]["currency"]},
    }
    document = {**settings, "rule": present.rule or settings["rule"]}
    try:
        return read_template(document)
    except ShapeError:
        # A draft may have a rule that cannot be measured yet, which no template has.
        return read_template(settings)


@blueprint.get("/templates/<code>/change")
@allows(Action.KEEP_TEMPLATES, about=company_of_launch)
def change(code: str) -> ResponseReturnValue:
    """The text of the company's own template, to be changed by who made it; everybody else makes a copy."""
    with reading() as db:
        record = _record(db, code)
        if not _can_change(db, code):
            return redirect(launch_url_for("templates.ask_copy", code=code))
    given = {"text": write_template_file(record.template, first_line=OF_A_PAGE)}
    form = blank_form(
        TemplateTextForm(_problems_of),
        given,
        id="template-text",
        action=launch_url_for("templates.keep", of=code),
    )
    return _text_page(form)


@blueprint.get("/template-file")
@allows(Action.KEEP_TEMPLATES, about=company_of_launch)
def ask_file() -> ResponseReturnValue:
    """Ask for a file."""
    return _file_page()


@blueprint.post("/template-file")
@allows(Action.KEEP_TEMPLATES, about=company_of_launch)
def take_file() -> ResponseReturnValue:
    """Keep the template of a file that was sent. One that is no template is shown as a text to put right."""
    sent = request.files.get("file")
    content = sent.stream.read(LARGEST_FILE + 1) if sent is not None else b""
    if sent is None or not sent.filename:
        return _refused_file(Problem("template_file_missing"))
    if not content.strip():
        return _refused_file(Problem("template_file_empty"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _refused_file(Problem("wrong_encoding"))
    if len(content) > LARGEST_FILE:
        return _refused_file(Problem("template_too_large", max=LARGEST_FILE // 1024))
    form = sent_form(TemplateTextForm(_problems_of), id="template-text", fixed={"text": text})
    form.given, form.action = {"text": text}, launch_url_for("templates.keep", of="file")
    return _keep(form, text)


def _refused_file(problem: Problem) -> ResponseReturnValue:
    return _file_page({"file": [problem]})


def _file_page(problems: Mapping[str, list[Problem]] | None = None) -> ResponseReturnValue:
    form = blank_form(TemplateFileForm(), action=launch_url_for("templates.take_file"))
    form.problems = problems or {}
    return render_template("programmes/template_import.html", form=form), form.status


@blueprint.post("/template-text")
@allows(Action.KEEP_TEMPLATES, about=company_of_launch)
def keep() -> ResponseReturnValue:
    """Keep the template that a text is."""
    form = sent_form(TemplateTextForm(_problems_of), id="template-text")
    form.action = launch_url_for("templates.keep", of=request.args.get("of") or None)
    return _keep(form, request.form.get("text", ""))


def _keep(form: Form, text: str) -> ResponseReturnValue:
    def save(db: Session, values: Values) -> None:
        template = read_template_file(values["text"].encode("utf-8", "replace"))
        keep_template(db, _organisation(), template, by=_person(), now=utcnow())

    try:
        code = read_template_file(text.encode("utf-8", "replace")).code
        then = launch_url_for("templates.show", code=code)
    except TemplateFileError:
        then = launch_url_for("templates.index")
    return form.submit(save, then=then, done="template_kept", show=_text_page)


def _text_page(form: Form) -> ResponseReturnValue:
    """A template as a text, with what is wrong on which line."""
    found = faults_of(_file_problems(form.given.get("text", "")) if form.problems else ())
    is_import = _is_import()
    code, title = ("", "") if is_import else _template_of_text()
    html = render_template(
        "programmes/template_text.html",
        form=form,
        found=found,
        is_import=is_import,
        code=code,
        title=title,
    )
    return html, form.status


def _template_of_text() -> tuple[str, str]:
    """The code and the name of the company's own template whose text the page shows; empty where none is named."""
    code = (request.view_args or {}).get("code") or request.args.get("of", "")
    with reading() as db:
        try:
            record = find_template(db, _organisation(), code)
        except UnknownTemplateError:
            return "", ""
    return (record.code, wording.own(record.template.document()["title"])) if record.is_own else ("", "")


def _is_import() -> bool:
    """Whether the text came in a file: it is then no version of a template that is kept."""
    return request.endpoint == "templates.take_file" or request.args.get("of") == "file"


def _file_problems(text: str) -> Sequence[FileProblem]:
    try:
        read_template_file(text.encode("utf-8", "replace"))
    except TemplateFileError as error:
        return error.problems
    return ()


def _problems_of(text: str) -> Sequence[Problem]:
    return [each.problem for each in _file_problems(text)]


def _organisation() -> uuid.UUID:
    return current_principal().organisation_id or abort(403)


def _person() -> uuid.UUID:
    return current_principal().person_id or abort(403)


def _record(db: Session, code: str) -> TemplateRecord:
    try:
        return find_template(db, _organisation(), code)
    except UnknownTemplateError:
        abort(404)


def _can_change(db: Session, code: str) -> bool:
    """Whether it is the company's own, and who looks made it."""
    authors = [version.created_by for version in template_versions(db, _organisation(), code)]
    return bool(authors) and may_change(code, authors, _person())


def _drawing(template: ProgrammeTemplate) -> Sparkline:
    """The rhythm that a template advises; dotted where all is still to be decided."""
    return rhythm_drawing(template.sessions_advised, is_ready=bool(template.kpis_document()))

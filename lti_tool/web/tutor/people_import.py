"""Adding people from a file: choose it, look at what it would do, and have its people added by a background job.

Nothing is added before somebody has looked. While the job runs, the page shows how far it is, and can be left.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import uuid
from collections.abc import Callable
from typing import Final

from flask import Blueprint, Response, abort, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lti_tool.composition.people_import import adding_status, request_adding
from lti_tool.database import utcnow
from lti_tool.identity.models import Course
from lti_tool.identity.policy import Action
from lti_tool.lti.nrps.read_roster_job import due_rosters, request_rosters
from lti_tool.mentoring.enrolment.actions import take_back_invitation
from lti_tool.mentoring.enrolment.people import actions, queries
from lti_tool.mentoring.enrolment.people.checking import CheckedFile, check_file
from lti_tool.mentoring.enrolment.people.columns import count_names
from lti_tool.mentoring.enrolment.people.file import MOST_BYTES, FileUnreadable, Table, read_table
from lti_tool.mentoring.enrolment.people.queries import ImportRecord
from lti_tool.mentoring.guards import require
from lti_tool.mentoring.programmes.latest_change import LatestChange, latest_section_change
from lti_tool.mentoring.programmes.queries import courses_of_cohort, settings_of_cohort
from lti_tool.mentoring.programmes.readiness import Section
from lti_tool.translation import current_language
from lti_tool.web.access import allows, cohort_of_launch
from lti_tool.web.activity import current_cohort_id
from lti_tool.web.forms.bound import Form, Values, blank_form, sent_form
from lti_tool.web.forms.flash import flash_message
from lti_tool.web.launch_session import course_title, launch_url_for, polled
from lti_tool.web.security import takes_file
from lti_tool.web.services import current_principal, reading, transaction
from lti_tool.web.tutor import people_wording
from schemas.form_schema import FormSchema
from schemas.problem import Problem
from schemas.tutor_forms import AwaitedPersonForm, OnePersonForm, PeopleFileForm, TakeBackInvitationForm

ROSTER_FRESH_FOR: Final = dt.timedelta(minutes=5)
"""How old a roster may be before people of a list are looked for in it."""
SHOWN_ROWS: Final = 50
SHOWN_PROBLEMS: Final = 50
SHOWN_AWAITED: Final = 100
SHOWN_LISTS: Final = 5
SHOWN_AFTER: Final = 12
"""How many rows, problems, people and lists the pages show at most, and how many people
who are not there yet once a list is added."""

blueprint = Blueprint("people_import", __name__, url_prefix="/l/<launch_key>/cohort/adding-people")


def _cohort_id() -> uuid.UUID:
    return current_cohort_id() or abort(404)


@blueprint.get("/")
@allows(Action.IMPORT_PEOPLE, about=cohort_of_launch)
def index() -> ResponseReturnValue:
    """Choose a file; and who is awaited from earlier ones."""
    _request_rosters()
    return _index(_file_form(), _one_form())


def _request_rosters() -> None:
    """Have the rosters of the group's courses read: who was enrolled just now is then found when a list is chosen."""
    with reading() as db:
        here = Course.id.in_(courses_of_cohort(_cohort_id()))
        due = db.scalars(due_rosters(utcnow(), ROSTER_FRESH_FOR).where(here)).all()
    if due:
        with transaction() as db:
            request_rosters(db, due, current_principal())


def _file_form() -> Form:
    return blank_form(PeopleFileForm(), action=launch_url_for("people_import.upload"))


def _one_form() -> Form:
    return blank_form(OnePersonForm(), {}, id="one", action=launch_url_for("people_import.add_one"))


def _index(form: Form, one_form: Form) -> ResponseReturnValue:
    cohort_id = _cohort_id()
    with reading() as db:
        settings = settings_of_cohort(db, cohort_id)
        awaited = queries.awaited_people(db, cohort_id, SHOWN_AWAITED)
        awaited_count = queries.count_awaited(db, cohort_id)
        latest = queries.latest_imports(db, cohort_id, SHOWN_LISTS)
    skills = [skill["name"][current_language()] for skill in settings["skills"]]
    html = render_template(
        "tutor/people_import.html",
        file_form=form,
        one_form=one_form,
        people_words=people_wording,
        awaited=awaited,
        may_invite=_may_invite(),
        awaited_count=awaited_count,
        latest=latest,
        columns=people_wording.columns(skills),
        skills=skills,
        course_title=course_title(),
        done=flash_message(),
    )
    return html, max(form.status, one_form.status)


@blueprint.get("/template.csv")
@allows(Action.IMPORT_PEOPLE, about=cohort_of_launch)
def template() -> ResponseReturnValue:
    """A file with the names of the columns, as the spreadsheets of the reader's country open it."""
    text = io.StringIO(newline="")
    separator, name = (";", "personnes") if current_language() == "fr" else (",", "people")
    csv.writer(text, delimiter=separator).writerow([column.name for column in people_wording.columns(())])
    answer = Response(text.getvalue().encode("utf-8-sig"), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


@blueprint.post("/")
@takes_file(MOST_BYTES)
@allows(Action.IMPORT_PEOPLE, about=cohort_of_launch)
def upload() -> ResponseReturnValue:
    """Keep a file to be looked at; nothing is added."""
    form, given = sent_form(PeopleFileForm()), request.files.get("file")
    if given is None or not given.filename:
        form.problems = {"file": [Problem("file_missing")]}
        return _index(form, _one_form())
    try:
        table = read_table(given.stream.read(MOST_BYTES + 1), count_names)
    except FileUnreadable as error:
        form.problems = {"file": [Problem(error.code)]}
        return _index(form, _one_form())
    return _keep(form, table, given.filename, show=lambda sent: _index(sent, _one_form()))


@blueprint.post("/one")
@allows(Action.IMPORT_PEOPLE, about=cohort_of_launch)
def add_one() -> ResponseReturnValue:
    """Keep one person to be looked at, as a list with one row; nothing is added."""
    form = sent_form(OnePersonForm(), id="one")
    given = [" ".join(form.given.get(name, "").split()) for name in ("name", "email", "role")]
    table = Table(("name", "email", "role"), ((1, tuple(given)),))
    return _keep(form, table, given[0] or given[1], show=lambda sent: _index(_file_form(), sent))


def _keep(
    form: Form, table: Table, file_name: str, *, show: Callable[[Form], ResponseReturnValue]
) -> ResponseReturnValue:
    """Keep a list to be looked at. ``show``: the page again, where the form is wrong."""
    cohort_id, import_id = _cohort_id(), uuid.uuid4()

    def save(db: Session, _values: Values) -> None:
        actions.keep_file(
            db, import_id=import_id, cohort_id=cohort_id, file_name=file_name, table=table, now=utcnow()
        )

    return form.submit(save, then=launch_url_for("people_import.show", import_id=import_id), show=show)


@blueprint.get("/<uuid:import_id>")
@allows(Action.IMPORT_PEOPLE, about=cohort_of_launch)
def show(import_id: uuid.UUID) -> ResponseReturnValue:
    """What the file would do; while its people are added, how far that is; and in the end what was done."""
    return _show(_import(import_id))


def _show(record: ImportRecord, form: Form | None = None) -> ResponseReturnValue:
    with reading() as db:
        status = adding_status(db, record.job_id, record.rows) if record.job_id is not None else None
        if record.content is None or (status is not None and not status.has_failed):
            awaited = queries.awaited_people(db, record.cohort_id, SHOWN_AFTER) if record.is_done else []
            count = queries.count_awaited(db, record.cohort_id) if record.is_done else 0
            shown = {**_adding(record, status), "awaited": awaited, "awaited_count": count}
            return render_template("tutor/people_adding.html", **shown), 200
        checked = check_file(db, record.cohort_id, Table.from_json(record.content))
        skills_changed = _skills_changed(db, record, checked)
    html = render_template(
        "tutor/people_preview.html",
        record=record,
        checked=checked,
        has_failed=status is not None,
        skills_changed=skills_changed,
        form=form,
        file_form=_file_form(),
        limits={"rows": SHOWN_ROWS, "problems": SHOWN_PROBLEMS},
        people_words=people_wording,
        course_title=course_title(),
        done=flash_message(),
    )
    return html, form.status if form is not None else 200


def _skills_changed(db: Session, record: ImportRecord, checked: CheckedFile) -> LatestChange | None:
    """Who has changed the programme's skills since the list was given, where a row names one that is not there."""
    if not any(each.problem == "skill_unknown" for each in checked.problems):
        return None
    return latest_section_change(db, record.cohort_id, Section.SKILLS, since=record.created_at)


def _may_invite() -> bool:
    """Whether the ready invitation is one to the group of the page: it names the activity of the launch."""
    return g.get("group_id") is None


def _adding(record: ImportRecord, status: object) -> dict[str, object]:
    return {
        "record": record,
        "status": status,
        "etag": f"{record.id}-{getattr(status, 'progress', 0)}-{record.is_done}-{current_language()}",
        "people_words": people_wording,
        "may_invite": _may_invite(),
        "course_title": course_title(),
        "done": None,
    }


@blueprint.get("/<uuid:import_id>/live")
@polled
@allows(Action.IMPORT_PEOPLE, about=cohort_of_launch)
def live(import_id: uuid.UUID) -> ResponseReturnValue:
    """How far the adding is, 304 where that has not changed; at the end the page is loaded anew."""
    record = _import(import_id)
    if record.is_done or record.job_id is None:
        return Response(headers={"HX-Refresh": "true"})
    with reading() as db:
        status = adding_status(db, record.job_id, record.rows)
    if status.is_over:
        return Response(headers={"HX-Refresh": "true"})
    shown = _adding(record, status)
    etag = str(shown["etag"])
    if request.headers.get("If-None-Match") == etag:
        return Response(status=304, headers={"ETag": etag})
    return make_response(render_template("tutor/_people_adding.html", **shown), {"ETag": etag})


@blueprint.post("/<uuid:import_id>/add")
@allows(Action.IMPORT_PEOPLE, about=cohort_of_launch)
def add(import_id: uuid.UUID) -> ResponseReturnValue:
    """Have the people of a file added. Asking twice is asking once."""
    record, principal = _import(import_id), current_principal()

    def save(db: Session, _values: Values) -> None:
        if record.is_done or record.content is None:
            return
        checked = check_file(db, record.cohort_id, Table.from_json(record.content))
        require(checked.is_right, "file_not_right")
        request_adding(db, import_id=record.id, cohort_id=record.cohort_id, requested_by=principal)

    return sent_form(FormSchema()).submit(
        save,
        then=launch_url_for("people_import.show", import_id=import_id),
        show=lambda form: _show(record, form),
    )


@blueprint.post("/<uuid:import_id>/drop")
@allows(Action.IMPORT_PEOPLE, about=cohort_of_launch)
def drop(import_id: uuid.UUID) -> ResponseReturnValue:
    """Delete a file that is not to be added."""
    record = _import(import_id)
    return sent_form(FormSchema()).submit(
        lambda db, _values: actions.drop_file(db, import_id=record.id),
        then=launch_url_for("people_import.index"),
        done="file_dropped",
    )


@blueprint.post("/awaited")
@allows(Action.IMPORT_PEOPLE, about=cohort_of_launch)
def withdraw() -> ResponseReturnValue:
    """Await somebody no longer."""
    cohort_id = _cohort_id()
    return sent_form(AwaitedPersonForm()).submit(
        lambda db, values: actions.withdraw_awaited(db, cohort_id=cohort_id, awaited_id=values["awaited_id"]),
        then=launch_url_for("people_import.index"),
        done="awaited_withdrawn",
    )


@blueprint.post("/take-back")
@allows(Action.IMPORT_PEOPLE, about=cohort_of_launch)
def take_back() -> ResponseReturnValue:
    """Take back the invitation of somebody who is in the course and has not answered."""
    cohort_id = _cohort_id()
    return sent_form(TakeBackInvitationForm()).submit(
        lambda db, values: take_back_invitation(db, cohort_id=cohort_id, now=utcnow(), **values),
        then=launch_url_for("home.home"),
        done="invitation_taken_back",
    )


def _import(import_id: uuid.UUID) -> ImportRecord:
    """The file of this id, as long as it is one of the cohort; 404 for any other."""
    with reading() as db:
        record = queries.people_import(db, import_id)
    if record is None or record.cohort_id != _cohort_id():
        abort(404)
    return record

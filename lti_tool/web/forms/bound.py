"""A form on a page: a schema, what is shown in its fields, what is wrong with them, and what happens when it is sent.

The pattern of errors is GOV.UK's (https://design-system.service.gov.uk/components/error-summary/): a summary with links
at the top of the page, and each error at its field. Nothing needs a script.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import structlog
from flask import abort, request
from flask.typing import ResponseReturnValue
from marshmallow import fields
from sqlalchemy.orm import Session

from lti_tool.database import utcnow
from lti_tool.lti.forms.kept import delete_kept_form
from lti_tool.lti.forms.submissions import submission_digest, submission_id, submit_once
from lti_tool.mentoring.guards import NotAllowed
from lti_tool.web import wording
from lti_tool.web.forms import controls
from lti_tool.web.forms.fields import BoundField, bound_field
from lti_tool.web.forms.sentences import own_sentence
from lti_tool.web.language import keep_language
from lti_tool.web.launch_session import launch_root
from lti_tool.web.redirect import ShortRedirect
from lti_tool.web.refusal_wording import refusal
from lti_tool.web.services import current_principal, transaction
from schemas.display import KeptFormForm
from schemas.fields import Choice
from schemas.form_schema import FormSchema, read_form
from schemas.problem import Problem, ShapeError

log = structlog.get_logger(__name__)

Values = dict[str, Any]
"""The checked values of a form, by name."""
Save = Callable[[Session, Values], object]
"""Has the effect of a form, in a transaction. Raises :class:`lti_tool.mentoring.guards.NotAllowed`."""


@dataclass
class Form:
    """A form of a page, as it is shown; made by :func:`blank_form` or :func:`sent_form`."""

    schema: FormSchema
    id: str
    """Of the form in the page, and the code of its name in :data:`lti_tool.web.wording.FORMS`.

    Empty for buttons alone: there is nothing typed to show again in another language, or after the session.
    """
    action: str
    """Where it is sent."""
    given: Mapping[str, str]
    """The text in each field."""
    key: str
    prefix: str = ""
    """Of the ids of its fields, where a page has several forms with the same fields."""
    content: Sequence[tuple[str, str]] = ()
    """What was sent, as (name, value)."""
    problems: Mapping[str, list[Problem]] = field(default_factory=dict)
    refusal: str | None = None
    """Why it was not done although nothing is wrong with its fields, in words."""
    refusal_code: str | None = None
    """The same as a code of :class:`lti_tool.mentoring.guards.NotAllowed`."""

    def __post_init__(self) -> None:
        """Raises :class:`ValueError` where the form and one of its fields would be one id of the page."""
        if self.id in {self.prefix + name for name in self.schema.fields}:
            raise ValueError(f"the form's id {self.id!r} is that of one of its fields: choose another")

    def __getitem__(self, name: str) -> BoundField:
        """One field, for a template. A question that was sent without its answer shows the answer it was read as."""
        return bound_field(
            self.schema,
            name,
            prefix=self.prefix,
            value=self.given.get(name, self._default(name) if self.problems else ""),
            problems=self._problems_of(name),
        )

    def _problems_of(self, name: str) -> Sequence[Problem]:
        """Those of a field, each once: of a list also those of its entries, which stand at ``name.0`` and so on."""
        found = [
            problem
            for where, problems in self.problems.items()
            if where.partition(".")[0] == name
            for problem in problems
        ]
        return list(dict.fromkeys(found))

    def _default(self, name: str) -> str:
        default = self.schema.fields[name].load_default
        return default if isinstance(self.schema.fields[name], Choice) and isinstance(default, str) else ""

    def __iter__(self) -> Iterator[BoundField]:
        """Every field, in the order of the schema."""
        return (self[name] for name in self.schema.fields)

    def chosen(self, name: str) -> frozenset[str]:
        """The values of a field that may have several, as they were sent."""
        return frozenset(value for given, value in self.content if given == name)

    def say_at_field(self, name: str, code: str) -> None:
        """Where it was refused with this code, say so at the field that it is about, as anything else that is wrong.

        ``code`` has a sentence in :data:`schemas.problem.MESSAGES` too.
        """
        if self.refusal_code == code and name in self.schema.fields:
            self.refusal, self.problems = None, {name: [Problem(code)]}

    @property
    def status(self) -> int:
        """The HTTP status of a page with this form."""
        return 422 if self.problems else 409 if self.refusal else 200

    @property
    def asks_for_day(self) -> bool:
        """Whether a field is a date, for which the form says how far the person's clock is from UTC."""
        return any(isinstance(each, fields.Date) for each in self.schema.fields.values())

    @property
    def other_problems(self) -> Sequence[str]:
        """What is wrong, but with no field that a person can see."""
        seen = {each.name for each in self if each.widget != "hidden"}
        return [
            wording.problem(problem, own_sentence(type(self.schema), name, problem))
            for name, found in self.problems.items()
            if name.partition(".")[0] not in seen
            for problem in found
        ]

    def read(self) -> Values:
        """What was sent, checked. Raises :class:`schemas.problem.ShapeError`, which is answered with 400."""
        return read_form(self.schema, self.content)

    def submit(
        self,
        save: Save,
        *,
        then: str,
        done: str | None = None,
        show: Callable[[Form], ResponseReturnValue] | None = None,
        answer: Callable[[], ResponseReturnValue] | None = None,
    ) -> ResponseReturnValue:
        """Check what was sent, have its effect once, and answer.

        ``save`` runs in one transaction, with checked values. ``then``: the address of the launch to which the answer
        leads, with ``done`` as the code of the message that is shown there once. ``show``: makes the page with this
        form when something is wrong, or the language was switched; a button without fields has none, and an error page
        says what is wrong. ``answer``: makes another answer than the redirect; it is called for repetitions too.
        """
        if controls.LANGUAGE in request.form or controls.KEPT in request.form:
            return show(self._unsent()) if show is not None else abort(400)
        try:
            next_page = self._save_once(save, controls.below_launch(then), done)
        except ShapeError as error:
            if show is None:
                raise
            self.problems = error.problems
            return show(self)
        except NotAllowed as refused:
            if show is None:
                raise
            log.info("action refused", code=refused.code)
            self.refusal, self.refusal_code = refusal(refused.code), refused.code
            return show(self)
        return answer() if answer is not None else ShortRedirect(self._address_of(next_page, done), 302)

    def _save_once(self, save: Save, next_page: str, done: str | None) -> str:
        values = self.read()
        person_id = current_principal().person_id or abort(403)
        with transaction() as db:
            submission = submit_once(
                db, self.digest, person_id=person_id, next_page=next_page, message=done, now=utcnow()
            )
            if submission.is_first:
                save(db, values)
        return submission.next_page

    def _address_of(self, next_page: str, done: str | None) -> str:
        address = launch_root() + next_page
        if done is None:
            return address
        return f"{address}{'&' if '?' in address else '?'}done={self.submission_id}"

    @cached_property
    def digest(self) -> str:
        """What makes another request the same submission."""
        person_id = current_principal().person_id or abort(403)
        below = controls.below_launch(controls.present_address())
        return submission_digest(person_id, below, uuid.UUID(self.key), self.content)

    @property
    def submission_id(self) -> uuid.UUID:
        """The same for each repetition of what was sent, and for nothing else."""
        return submission_id(self.digest)

    def _unsent(self) -> Form:
        """The form as it was typed, after a button that does not send it: the language, or a kept form."""
        if controls.LANGUAGE in request.form:
            keep_language(request.form[controls.LANGUAGE])
        if controls.KEPT in request.form:
            digest = read_form(KeptFormForm(), [("kept", request.form[controls.KEPT])])["kept"]
            with transaction() as db:
                delete_kept_form(db, digest, current_principal().person_id or abort(403))
        if controls.CHECKED in request.form:
            try:
                self.read()
            except ShapeError as error:
                self.problems = error.problems
        return self


def blank_form(
    schema: FormSchema,
    given: Mapping[str, str] | None = None,
    *,
    id: str = "",
    action: str | None = None,
    prefix: str = "",
) -> Form:
    """A form to be filled in. ``given``: what its fields propose; ``action``: the present address unless given.

    Raises :class:`ValueError` where ``id`` is that of one of its fields: each id is on a page once.
    """
    return Form(
        schema,
        id,
        action or controls.present_address(),
        given or {},
        key=controls.new_form_key(),
        prefix=prefix,
    )


def sent_form(
    schema: FormSchema, *, id: str = "", prefix: str = "", fixed: Mapping[str, str] | None = None
) -> Form:
    """The form that the present request sent. ``fixed``: what the address itself says, whatever the form does."""
    fixed = fixed or {}
    content = [(name, value) for name, value in controls.sent_content() if name not in fixed]
    return Form(
        schema,
        id,
        controls.present_address(),
        request.form,
        key=str(controls.sent_key()),
        prefix=prefix,
        content=[*fixed.items(), *content],
    )

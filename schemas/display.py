"""What pages take besides their forms: which pair is looked at, what was just done, the language chosen."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final

from marshmallow import EXCLUDE, ValidationError, validates

from schemas.fields import Choice, Code, Identifier, Text, WholeNumber
from schemas.form_schema import FormSchema
from schemas.problem import CodedSchema, Problem, ShapeError


class PageQuery(CodedSchema):
    """The query of a page: ``pair`` says which pair, ``done`` which submission of a form led to it.

    ``partner_for`` names the person for whom a tutor looks for a partner, ``paired`` the one who was just given one;
    ``whom`` is there where a message is for people whom lists have named.
    """

    class Meta:
        """Unknown query parameters are ignored."""

        unknown = EXCLUDE

    pair = Identifier(load_default=None)
    done = Identifier(load_default=None)
    partner_for = Identifier(load_default=None)
    paired = Identifier(load_default=None)
    whom = Choice(("listed",), load_default=None)


COHORT_STATES: Final = (
    "proposed",
    "sign",
    "under_way",
    "paused",
    "complete",
    "ended",
    "alone",
    "no_role",
    "unopened",
    "awaited",
    "out",
)
"""The filters of a tutor's page: the states of pairs, people without a pair, those who are not there yet, and those
who take no part."""
COHORT_SORTS: Final = ("waits", "mentee", "mentor", "last_met", "meetings")


class CohortQuery(PageQuery):
    """The query of a tutor's page: a filter, a search, an order, a page of the table, and the pair beside it.

    ``left`` names the participant whose grade was just left as it is, as long as that can be taken back. ``inbox`` is
    ``all`` where everything that waits for the tutor is wanted, not the first lines alone; ``rows`` likewise where a
    phone shows every pair of the page.
    """

    state = Choice(COHORT_STATES, load_default=None)
    q = Text(max_length=200, load_default="")
    sort = Choice(COHORT_SORTS, load_default="waits")
    page = WholeNumber(min=1, max=100_000, from_text=True, load_default=1)
    inbox = Choice(("all",), load_default=None)
    rows = Choice(("all",), load_default=None)
    left = Identifier(load_default=None)


PEOPLE_STATES: Final = ("invited", "not_begun", "begun", "completed", "reopened", "withdrawn")
"""The filters of an owner's list of people, in the order of a journey."""


class PeopleQuery(PageQuery):
    """The query of an owner's list of people: a state, a search, and a page."""

    state = Choice(PEOPLE_STATES, load_default=None)
    q = Text(max_length=200, load_default="")
    page = WholeNumber(min=1, max=100_000, from_text=True, load_default=1)


class LanguageForm(FormSchema):
    """The switch of languages; ``back`` is the path of the page it was on."""

    lang = Code(r"[a-z]+", max_length=8, required=True)
    back = Text(max_length=2000, load_default="")

    def __init__(self, languages: Collection[str]) -> None:
        """``languages``: the tags to choose from."""
        super().__init__()
        self.languages = tuple(languages)

    @validates("lang")
    def _check_language(self, value: str, **_: Any) -> None:
        if value not in self.languages:
            raise ValidationError([Problem("not_a_choice")])


class TimeZoneForm(FormSchema):
    """The time zone of a browser, by its name (https://www.iana.org/time-zones)."""

    zone = Code(r"[A-Za-z0-9_+/-]+", max_length=60, required=True)


class LinkForm(FormSchema):
    """An activity of the course is chosen; ``link`` is the id of its row."""

    link = Identifier(required=True)


class ClockForm(FormSchema):
    """What the browser adds to a form that asks for a day.

    ``utc_offset`` is how far the person's clock is ahead of UTC, in minutes; 0 where no script says it.
    """

    utc_offset = WholeNumber(min=-14 * 60, max=14 * 60, from_text=True, load_default=0)


class KeptFormForm(FormSchema):
    """A kept form is declined; ``kept`` is its digest."""

    kept = Code(r"[0-9a-f]{64}", required=True)


_PAGE_QUERY: Final = PageQuery()
_COHORT_QUERY: Final = CohortQuery()
_PEOPLE_QUERY: Final = PeopleQuery()
_CLOCK: Final = ClockForm()
"""Made once: to make a schema copies each of its fields."""


def read_query(args: dict[str, str]) -> dict[str, object]:
    """The query of a page; what cannot be read is left out, since an address is not a form to correct."""
    return _readable(_PAGE_QUERY, args)


def read_cohort_query(args: dict[str, str]) -> dict[str, Any]:
    """The query of a tutor's page, likewise."""
    return _readable(_COHORT_QUERY, args)


def read_people_query(args: dict[str, str]) -> dict[str, Any]:
    """The query of an owner's list of people, likewise."""
    return _readable(_PEOPLE_QUERY, args)


def _readable(schema: PageQuery, args: dict[str, str]) -> dict[str, Any]:
    try:
        return schema.read(args)
    except ShapeError as error:
        return schema.read({name: value for name, value in args.items() if name not in error.problems})


def read_clock(utc_offset: str) -> timedelta:
    """How far a person's clock is ahead of UTC, as their form says it; not at all where that cannot be read."""
    if not utc_offset:
        return timedelta()
    try:
        return timedelta(minutes=_CLOCK.read({"utc_offset": utc_offset})["utc_offset"])
    except ShapeError:
        return timedelta()

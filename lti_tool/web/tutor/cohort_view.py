"""What the tutor's page shows, worked out from the values that were read: the template only writes it down."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lti_tool.lti.ags.grade_queries import Grade
from lti_tool.mentoring.completion.queries import rule_from_text
from lti_tool.mentoring.completion.rule_sentence import sentence_for_tutor
from lti_tool.mentoring.enrolment.people.matching import KnownAwaited
from lti_tool.mentoring.journey.views import PersonCard
from lti_tool.mentoring.overview.cohort import CohortOverview, Newcomer, ParticipantLine
from lti_tool.mentoring.overview.ended import EndedPair
from lti_tool.mentoring.overview.inbox import (
    SHOWN,
    GradeQuestion,
    InboxLine,
    WaitingCopy,
    folded_lines,
    inbox,
)
from lti_tool.mentoring.overview.pair_rows import (
    PairRow,
    PairState,
    Sort,
    chosen,
    counts,
    in_order,
    page_of,
    rows_of,
)
from lti_tool.mentoring.overview.queries import Meeting
from lti_tool.translation import current_language
from lti_tool.translation.collation import folded
from lti_tool.web.launch_session import launch_url_for
from lti_tool.web.tutor.drawn_pairs import DrawnPairs, drawn_pairs
from lti_tool.web.tutor.grades import questions_of
from lti_tool.web.tutor.inbox_lines import ShownLine, shown_line


@dataclass(frozen=True)
class Expected:
    """Somebody whom a list has named and who is not in the course yet."""

    person_id: uuid.UUID
    """Of the row that names them: it is no person of the platform yet."""
    card: PersonCard
    """Its name is whatever the list calls them by."""
    address: str | None
    """An e-mail address or a user name, where the list gives a name too."""
    is_expected: bool = True

    @classmethod
    def from_list(cls, awaited: KnownAwaited) -> Expected:
        """As a list has them."""
        address = awaited.email or awaited.user_name or awaited.user_id
        name = awaited.name or address
        return cls(awaited.id, PersonCard(awaited.id, awaited.role, name), address if awaited.name else None)


Person = ParticipantLine | Newcomer | Expected


@dataclass(frozen=True)
class Figure:
    """A figure above the table, which is also its filter."""

    code: str
    """Of the filter; empty for all pairs."""
    count: int
    address: str
    is_chosen: bool


@dataclass(frozen=True)
class CohortView:
    """The page."""

    overview: CohortOverview
    today: dt.date
    title: str
    rule: str
    query: Mapping[str, Any]
    pairs: tuple[Figure, ...]
    people: tuple[Figure, ...]
    inbox: tuple[ShownLine, ...]
    inbox_count: int
    """Of all lines, those that are not shown too."""
    rows: Sequence[PairRow]
    all_rows: int
    """How many pairs there are, whatever is chosen."""
    found: int
    """How many rows the filter and the search leave, on all pages."""
    page: int
    pages: int
    listed: Sequence[Person] | None
    """The people that replace the table; None where the table is shown, or pairs that ended are."""
    drawn: DrawnPairs
    sort: str
    """The order of the rows: a code of :class:`Sort`."""
    listed_count: int = 0
    """How many of them there are, also where there are too many to be shown."""
    ended: Sequence[EndedPair] | None = None
    """The pairs that ended, which then replace the table; None where it is shown."""

    @property
    def has_table(self) -> bool:
        """Whether the table of pairs is shown, and nothing in its place."""
        return self.listed is None and self.ended is None

    def address(self, **changes: object) -> str:
        """The page with another filter, search, order or page of the table."""
        return address(self.query, **changes)

    def searched(self, people: Iterable[Person]) -> list[Person]:
        """Those whom the search finds; all of them without one."""
        wanted = folded(self.query["q"])
        return [person for person in people if not wanted or wanted in folded(person.card.name or "")]

    @property
    def alone_found(self) -> int:
        """How many people in no row of the table the search finds."""
        of = self.overview
        return len(
            self.searched(
                [
                    *of.waiting_for_a_pair,
                    *of.without_role,
                    *of.never_opened,
                    *of.not_taking_part,
                    *of.gone,
                    *of.finished_alone,
                ]
            )
        )

    @property
    def is_finished(self) -> bool:
        """Whether every pair is complete, and nobody waits for one."""
        return _is_finished(self.overview)

    @property
    def sorts(self) -> list[str]:
        """The orders to choose from; none where there are no two pairs to put in order."""
        return _orders(self.overview, self.inbox_count) if self.all_rows > 1 else []

    @property
    def can_pair(self) -> bool:
        """Whether there are two people to put together: who is free, or has no role yet and could be invited."""
        of = self.overview
        waits = bool(of.waiting_for_a_pair or of.newcomers)
        return waits and all(free or of.newcomers for free in (of.free_mentors, of.free_mentees))

    @property
    def is_filtered(self) -> bool:
        """Whether not all pairs are shown."""
        return bool(self.query["q"] or self.query["state"])


def address(query: Mapping[str, Any], **changes: object) -> str:
    """The address of the page with a query; a filter, a search or an order begins at the first page again."""
    given = {name: query[name] for name in ("state", "q", "sort", "page", "inbox", "rows", "pair")}
    if changes.keys() & {"state", "q", "sort"}:
        given["page"] = 1
    given |= changes
    defaults = {"sort": "waits", "page": 1}
    wanted = {name: value for name, value in given.items() if value and value != defaults.get(name)}
    return launch_url_for("home.home", **wanted)


@dataclass(frozen=True)
class Table:
    """Which pairs are on the page, before their meetings are read."""

    all_rows: list[PairRow]
    counts: Mapping[PairState, int]
    """Of all rows."""
    found: list[PairRow]
    rows: Sequence[PairRow]
    page: int
    pages: int
    lines: list[InboxLine]
    sort: str
    """The order of the rows: a code of :class:`Sort`."""


def table_of(
    overview: CohortOverview,
    grades: Sequence[Grade],
    copies: Sequence[WaitingCopy],
    query: Mapping[str, Any],
    today: dt.date,
) -> Table:
    """Filter, search, sort and page the pairs of a cohort, and find what needs its tutor."""
    questions = tuple(questions_of(grades, overview.left_as_they_are))
    judged = _judged(overview, questions, tuple(copies), today)
    orders = _orders(overview, len(judged.lines))
    sort = query["sort"] if query["sort"] in orders else str(Sort.MENTEE)
    found = judged.chosen(query["state"], query["q"], sort)
    rows, page, pages = page_of(found, query["page"])
    return Table(judged.rows, judged.counts, found, rows, page, pages, judged.lines, sort)


def _orders(overview: CohortOverview, waiting: int) -> list[str]:
    """The orders of the table. Where every pair is complete and nothing waits for the tutor, none goes by waiting."""
    is_settled = _is_finished(overview) and not waiting
    return [str(each) for each in Sort if each is not Sort.WAITS or not is_settled]


def _is_finished(overview: CohortOverview) -> bool:
    """Whether every pair is complete, and nobody waits for one."""
    waits = overview.waiting_for_a_pair or overview.without_role or overview.never_opened
    return bool(overview.pairs) and all(pair.is_complete for pair in overview.pairs) and not waits


class _Judged:
    """What waits in each pair of a cohort on one day, counted and in the orders that were asked for."""

    def __init__(
        self,
        overview: CohortOverview,
        questions: Sequence[GradeQuestion],
        copies: Sequence[WaitingCopy],
        today: dt.date,
    ) -> None:
        of_people = {each.person_id: (str(each.kind), each.since.date()) for each in questions}
        self.rows = rows_of(overview, today, of_people)
        self.counts = counts(self.rows)
        self.lines = inbox(overview, self.rows, questions, today, copies)
        self._whole: dict[str, list[PairRow]] = {}
        """All rows, by their order."""

    def chosen(self, state: str | None, search: str, sort: str) -> list[PairRow]:
        """The rows of a filter and a search, in an order."""
        if sort not in self._whole:
            self._whole[sort] = in_order(self.rows, Sort(sort))
        of_state = PairState(state) if state in tuple(PairState) else None
        return chosen(self._whole[sort], of_state, search)


@lru_cache(maxsize=8)
def _judged(
    overview: CohortOverview,
    questions: tuple[GradeQuestion, ...],
    copies: tuple[WaitingCopy, ...],
    today: dt.date,
) -> _Judged:
    """Judged once for each reading that found something new: a page is searched and sorted oftener than that."""
    return _Judged(overview, questions, copies, today)


def view_of(
    overview: CohortOverview,
    table: Table,
    meetings: Mapping[uuid.UUID, Sequence[Meeting]],
    query: Mapping[str, Any],
    now: dt.datetime,
    shown: int | None = SHOWN,
    awaited: Sequence[KnownAwaited] = (),
    ended: Sequence[EndedPair] = (),
) -> CohortView:
    """The page as it is shown. ``shown``: how many lines of what needs the tutor there are at most.

    ``awaited``: who is expected, where the page lists them; ``ended``: the pairs that ended, likewise.
    """
    today = now.date()
    everything = query["inbox"] == "all"
    lines = table.lines if everything else folded_lines(table.lines)
    chosen_lines = lines if everything else lines[:shown]
    figures = [("", len(table.all_rows)), *((str(state), table.counts[state]) for state in PairState)]
    if overview.ended_pairs or query["state"] == "ended":
        figures.append(("ended", overview.ended_pairs))
    of_people = [
        ("alone", len(overview.waiting_for_a_pair)),
        ("no_role", len(overview.without_role)),
        ("unopened", len(overview.never_opened)),
    ]
    if overview.awaited or query["state"] == "awaited":
        of_people.append(("awaited", overview.awaited))
    if overview.not_taking_part or query["state"] == "out":
        of_people.append(("out", len(overview.not_taking_part)))
    listed = _listed(overview, query, [Expected.from_list(each) for each in awaited])
    return CohortView(
        overview=overview,
        today=today,
        title=overview.title.get(current_language()) or overview.title.get("en", ""),
        rule=sentence_for_tutor(rule_from_text(overview.rule)) if overview.rule else "",
        query=query,
        pairs=tuple(_figure(query, code, count) for code, count in figures),
        people=tuple(_figure(query, code, count) for code, count in of_people),
        inbox=tuple(shown_line(line, now) for line in chosen_lines),
        inbox_count=len(table.lines),
        rows=table.rows,
        all_rows=len(table.all_rows),
        found=len(table.found),
        page=table.page,
        pages=table.pages,
        listed=listed,
        sort=table.sort,
        drawn=drawn_pairs(overview, [row.pair for row in table.rows], meetings),
        listed_count=overview.awaited
        if query["state"] == "awaited" and not query["q"]
        else len(listed or ()),
        ended=_found(ended, query["q"]) if query["state"] == "ended" else None,
    )


def _found(ended: Sequence[EndedPair], search: str) -> list[EndedPair]:
    """Those with somebody whom the search finds; all of them without one."""
    wanted = folded(search)
    return [
        pair
        for pair in ended
        if not wanted or any(wanted in folded(card.name or "") for card in (pair.mentee, pair.mentor))
    ]


def _figure(query: Mapping[str, Any], code: str, count: int) -> Figure:
    return Figure(code, count, address(query, state=code, pair=None), (query["state"] or "") == code)


def _listed(
    overview: CohortOverview, query: Mapping[str, Any], expected: Sequence[Expected]
) -> Sequence[Person] | None:
    """The people of a figure that counts people, as far as the search finds them."""
    counted: Mapping[str, Sequence[Person]] = {
        "alone": overview.waiting_for_a_pair,
        "no_role": overview.without_role,
        "unopened": overview.never_opened,
        "awaited": expected,
        "out": overview.not_taking_part,
    }
    if query["state"] not in counted:
        return None
    wanted, found = folded(query["q"]), counted[query["state"]]
    return [person for person in found if not wanted or wanted in folded(person.card.name or "")]

"""The settings of a programme as a page shows them to be read: headings with lines, in the reader's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from lti_tool.translation import current_language, ngettext
from lti_tool.translation import gettext as _
from lti_tool.web import wording
from lti_tool.web.language import first_upper, money, number
from lti_tool.web.owner.figures import CohortFigures, in_language
from lti_tool.web.programmes.wording import USUAL_ROLES, kpi_groups, phase


@dataclass(frozen=True)
class Section:
    """One part of the settings."""

    code: str
    """Of the part of the set-up that changes it (:class:`lti_tool.mentoring.programmes.readiness.Section`)."""
    heading: str
    lines: tuple[str, ...]
    in_one_line: bool = False
    """Short names, which are listed one after the other."""
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The same lines under a heading each, where there is more than one heading."""


@dataclass(frozen=True)
class CohortDates:
    """When a group runs."""

    number: int
    kind: str
    starts_on: dt.date
    ends_on: dt.date
    follow_up_on: dt.date


def dates_of(cohort: CohortFigures) -> CohortDates:
    """The dates of a cohort, without anything about its people."""
    return CohortDates(cohort.number, cohort.kind, cohort.starts_on, cohort.ends_on, cohort.follow_up_on)


def sections_of(
    settings: Mapping[str, Any], *, with_all: bool = False, sees_results: bool = True
) -> list[Section]:
    """What the settings say, part by part.

    ``with_all``: parts that say nothing too, which are otherwise left out. ``sees_results``: whether whoever reads
    them is shown results of groups, so that it matters from how many people on.
    """
    found = (
        ("rhythm", _("Rhythm"), _rhythm(settings.get("rhythm"))),
        ("formats", _("Formats"), [format_line(settings, code) for code in settings.get("formats", ())]),
        ("skills", _("Skills"), [in_language(skill.get("name")) for skill in settings.get("skills", ())]),
        (
            "roles",
            _("Names of the two roles"),
            role_name_lines(settings.get("role_names"), with_usual=with_all),
        ),
        (
            "objectives",
            _("Objectives to choose from"),
            [in_language(o.get("title")) for o in settings.get("objectives", ())],
        ),
        (
            "kpis",
            _("Figures and targets"),
            [_figure_line(kpi, settings) for kpi in settings.get("kpis", ())],
        ),
        (
            "questionnaires",
            _("Questionnaires"),
            [phase(asked["phase"])[0] for asked in settings.get("questionnaires", ())],
        ),
        ("budget", _("Budget and funding"), budget_lines(settings.get("budget"))),
        (
            "visibility",
            _("Who can see and change what"),
            visibility_lines(settings.get("visibility"), sees_results=sees_results),
        ),
    )
    kept = [
        Section(
            code,
            heading,
            tuple(line for line in lines if line) or ((_("Not given"),) if with_all else ()),
            in_one_line=code in _SHORT,
            groups=_groups(code, settings),
        )
        for code, heading, lines in found
    ]
    return [section for section in kept if section.lines]


_SHORT: Final = ("formats", "questionnaires")


def _groups(code: str, settings: Mapping[str, Any]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The measures as the page groups them on which they are chosen, and the objectives by who learns."""
    found: list[tuple[str, tuple[str, ...]]] = []
    if code == "kpis":
        kpis = settings.get("kpis", ())
        found = [
            (heading, tuple(_figure_line(kpi, settings) for kpi in kpis if kpi.get("code") in codes))
            for heading, codes in kpi_groups(kpis)
        ]
    elif code == "objectives":
        titles = [(each.get("direction"), in_language(each.get("title"))) for each in settings.get(code, ())]
        found = [
            (heading, tuple(title for direction, title in titles if direction == role))
            for role, heading in (("mentee", _("For whoever learns")), ("mentor", _("For whoever teaches")))
        ]
    groups = tuple(each for each in found if each[1])
    return groups if len(groups) > 1 else ()


def _rhythm(rhythm: Mapping[str, Any] | None) -> list[str]:
    if not rhythm:
        return []
    advised = ngettext(
        "%(num)s meeting of %(minutes)s minutes",
        "%(num)s meetings of %(minutes)s minutes each",
        rhythm["sessions"],
        minutes=rhythm["minutes"],
    )
    return [advised]


def format_line(settings: Mapping[str, Any], code: str) -> str:
    """What a format is called."""
    return in_language((settings.get("format_names") or {}).get(code)) or wording.format_name(code)


def role_name_lines(names: Mapping[str, Any] | None, *, with_usual: bool = False) -> list[str]:
    """What the business calls the two roles, each with the usual word.

    ``with_usual``: the usual words alone where it calls them nothing else.
    """
    named = {role: in_language((names or {}).get(role)) for role in ("mentee", "mentor")}
    if with_usual and not any(named.values()):
        return [first_upper(", ".join(_(USUAL_ROLES[role]) for role in named))]
    return [
        _("%(role)s: %(name)s", role=wording.word(wording.ROLES, role), name=name)
        for role, name in named.items()
        if name
    ]


def _figure_line(kpi: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """A measure in the list of the settings, which says of each whether it has a target."""
    line = measure_line(kpi, settings)
    return line if kpi.get("target") else _("%(figure)s: no target", figure=line)


def measure_line(kpi: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    """What a measure is called, and its target."""
    name, target = in_language(kpi.get("name")), kpi.get("target")
    if not target:
        return name
    unit = "out_of_five" if kpi.get("code") in _OUT_OF_FIVE else kpi.get("unit", "")
    value = _value(target["value"], unit, (settings.get("budget") or {}).get("currency", ""))
    if kpi.get("code") in _LEVELS:
        value = _("%(points)s, on a scale of 5", points=value)
    if target["bound"] == "at_most":
        return _("%(name)s: at most %(value)s", name=name, value=value)
    return _("%(name)s: at least %(value)s", name=name, value=value)


_OUT_OF_FIVE: Final = ("relationship_quality",)
"""Measures in points that are a mean of answers from 1 to 5."""
_LEVELS: Final = ("skill_gain",)
"""Measures in points by how many levels of 5 people have progressed."""


def _value(written: Any, unit: str, currency: str = "") -> str:
    """A target: a number, or text such as ``7/10``, of which a share is said in per cent."""
    top, _slash, bottom = str(written).partition("/")
    try:
        value = float(top) / float(bottom or 1)
    except (ValueError, ZeroDivisionError):
        return str(written)
    match unit:
        case "share":
            return _("%(number)s%%", number=number(round(value * 100, 1)))
        case "hours":
            return _("%(number)s h", number=number(round(value, 1)))
        case "minutes":
            return wording.duration(round(value))
        case "out_of_five":
            return _("%(number)s out of 5", number=number(round(value, 2)))
        case "points":
            # French counts up to two as one: « 0,5 point », where English says “0.5 points”.
            is_one = value < 2 if current_language() == "fr" else value == 1
            shown = number(round(value, 2))
            return ngettext("%(number)s point", "%(number)s points", 1 if is_one else 2, number=shown)
        case "money":
            return money(value, currency)
    return number(round(value, 2))


def budget_lines(budget: Mapping[str, Any] | None) -> list[str]:
    """The amount, and where it comes from."""
    if not budget:
        return []
    lines = []
    if budget.get("amount") is not None:
        lines.append(money(budget["amount"], budget.get("currency", "")))
    if budget.get("funding"):
        lines.append(str(budget["funding"]))
    return lines


def visibility_lines(visibility: Mapping[str, Any] | None, *, sees_results: bool = True) -> list[str]:
    """What figures and names are shown, and who may change the settings; an empty line for what does not matter."""
    if not visibility:
        return []
    smallest = visibility.get("smallest_group", 5)
    hidden = ngettext(
        "Figures about fewer than %(num)s person are hidden.",
        "Figures about fewer than %(num)s people are hidden.",
        smallest,
    )
    return [
        hidden if sees_results else "",
        _("Human resources see who takes part and where each journey stands.")
        if visibility.get("hr_sees_names")
        else _("Human resources cannot see participants’ names."),
        _("Tutors may change the settings.")
        if visibility.get("tutors_may_edit", True)
        else _("The owners alone change the settings."),
    ]

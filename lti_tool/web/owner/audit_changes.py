"""What a change of a programme's settings or of its completion rule was, for the audit: the values before and after.

The versions that an entry names are immutable, so that what they say is read when the entry is shown.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from lti_tool.composition.audit.entries import AuditLine
from lti_tool.mentoring.completion.queries import read_rule
from lti_tool.mentoring.completion.rule_sentence import sentence_for_tutor
from lti_tool.mentoring.programmes.events import RuleApplied, SettingsChanged
from lti_tool.mentoring.programmes.models import CompletionRuleVersion, ProgrammeSettings
from lti_tool.translation import gettext as _
from lti_tool.translation import ngettext
from lti_tool.web import wording
from lti_tool.web.language import day
from lti_tool.web.owner import settings_view
from lti_tool.web.owner.figures import in_language
from schemas.problem import ShapeError

Values = dict[str, tuple[str, str]]
"""What a version says of one thing each, by a code: what the thing is called, and its value in words."""


@dataclass(frozen=True)
class Change:
    """One value that is not what it was."""

    label: str
    """What it is the value of; empty where the value says so itself."""
    before: str
    """Empty for one that was added."""
    after: str
    """Empty for one that was removed."""
    code: str = ""
    """Of what it is the value of, within its section; empty where several are said as one."""
    count: int = 1
    """How many entries of a list were removed, or added."""


@dataclass(frozen=True)
class _Version:
    """A version of the settings."""

    document: Mapping[str, Any]
    dates: Mapping[str, str]
    """Of the cohort, by name; empty where the version did not keep them."""


def changes_of(db: Session, lines: Sequence[AuditLine]) -> Mapping[uuid.UUID, tuple[Change, ...]]:
    """What changed, by the id of the entry, in at most two statements; nothing of entries that are no such change."""
    settings = {
        line.id: (line.programme_id, line.event) for line in lines if isinstance(line.event, SettingsChanged)
    }
    rules = {line.id: (line.cohort_id, line.event) for line in lines if isinstance(line.event, RuleApplied)}
    found: dict[uuid.UUID, tuple[Change, ...]] = {}
    versions = _settings(db, settings.values())
    for entry, (programme_id, changed) in settings.items():
        before, after = (versions.get((programme_id, each)) for each in (changed.previous, changed.number))
        if before is not None and after is not None:
            found[entry] = settings_changes(changed.section, before, after)
    sentences = _rules(db, rules.values())
    for entry, (cohort_id, applied) in rules.items():
        first, then = (sentences.get((cohort_id, each), "") for each in (applied.previous, applied.number))
        if first and then and first != then:
            found[entry] = (Change("", first, then),)
    return found


def settings_changes(section: str, before: _Version, after: _Version) -> tuple[Change, ...]:
    """What is different in one section: changed values in its order, then what was added."""
    values = _SECTIONS.get(section)
    if values is None:
        return ()
    first, then = values(before), values(after)
    return _together(
        Change(first.get(code, ("",))[0] or then.get(code, ("",))[0], was, now, code)
        for code in (*first, *(code for code in then if code not in first))
        if (was := first.get(code, ("", ""))[1]) != (now := then.get(code, ("", ""))[1])
    )


def _together(changes: Iterable[Change]) -> tuple[Change, ...]:
    """The same, entries of a list that were removed one after the other, or added, as one."""
    found: list[Change] = []
    for change in changes:
        last = found[-1] if found else None
        if last is not None and not last.label and not change.label:
            if last.before and change.before and not last.after and not change.after:
                found[-1] = Change(
                    "", f"{last.before}{_('; ')}{change.before}", "", count=last.count + change.count
                )
                continue
            if last.after and change.after and not last.before and not change.before:
                found[-1] = Change(
                    "", "", f"{last.after}{_('; ')}{change.after}", count=last.count + change.count
                )
                continue
        found.append(change)
    return tuple(found)


def _settings(
    db: Session, wanted: Collection[tuple[uuid.UUID | None, SettingsChanged]]
) -> Mapping[tuple[uuid.UUID | None, int], _Version]:
    programmes = {programme_id for programme_id, _changed in wanted}
    numbers = {number for _programme, changed in wanted for number in (changed.number, changed.previous)}
    if not numbers:
        return {}
    rows = db.execute(
        sa.select(
            ProgrammeSettings.programme_id,
            ProgrammeSettings.number,
            ProgrammeSettings.settings,
            ProgrammeSettings.cohort_dates,
        ).where(ProgrammeSettings.programme_id.in_(programmes), ProgrammeSettings.number.in_(numbers))
    )
    return {
        (programme_id, number): _Version(settings, dates or {})
        for programme_id, number, settings, dates in rows
    }


def _rules(
    db: Session, wanted: Collection[tuple[uuid.UUID | None, RuleApplied]]
) -> Mapping[tuple[uuid.UUID | None, int], str]:
    """The sentences of rules, by cohort and number."""
    cohorts = {cohort_id for cohort_id, _applied in wanted}
    numbers = {number for _cohort, applied in wanted for number in (applied.number, applied.previous)}
    if not numbers:
        return {}
    row = CompletionRuleVersion
    rows = db.execute(
        sa.select(row.cohort_id, row.number, row.rule).where(
            row.cohort_id.in_(cohorts), row.number.in_(numbers)
        )
    )
    return {(cohort_id, number): _sentence(rule) for cohort_id, number, rule in rows}


def _sentence(rule: Mapping[str, Any]) -> str:
    try:
        return sentence_for_tutor(read_rule(rule))
    except ShapeError:  # an earlier version of the tool could read it
        return ""


def _goal(version: _Version) -> Values:
    document = version.document
    return {
        "title": (_("Name of the programme"), in_language(document.get("title"))),
        "goal": (_("Goal"), in_language(document.get("goal"))),
    }


def _dates(version: _Version) -> Values:
    names = {"starts_on": _("First day"), "ends_on": _("Last day"), "follow_up_on": _("Follow-up date")}
    return {
        name: (label, day(dt.date.fromisoformat(version.dates[name])))
        for name, label in names.items()
        if name in version.dates
    }


def _rhythm(version: _Version) -> Values:
    rhythm = version.document.get("rhythm") or {}
    if not rhythm:
        return {}
    sessions, minutes = rhythm["sessions"], rhythm["minutes"]
    return {
        "sessions": (_("Meetings"), ngettext("%(num)s meeting", "%(num)s meetings", sessions)),
        "minutes": (_("Meeting length"), wording.duration(minutes)),
    }


def _list(name: str, words: Callable[[Mapping[str, Any], Any], str]) -> Callable[[_Version], Values]:
    """The entries of a list of the settings, by their codes."""

    def values(version: _Version) -> Values:
        entries = version.document.get(name) or ()
        return {
            str(each.get("code") or words(version.document, each)) if isinstance(each, dict) else str(each): (
                "",
                words(version.document, each),
            )
            for each in entries
        }

    return values


def _lines(lines: Callable[[Any], Sequence[str]], name: str) -> Callable[[_Version], Values]:
    """What a part of the settings says in lines, one after the other."""

    def values(version: _Version) -> Values:
        return {
            str(place): ("", line) for place, line in enumerate(lines(version.document.get(name))) if line
        }

    return values


def _rule(version: _Version) -> Values:
    return {"rule": ("", _sentence(version.document.get("rule") or {}))}


_SECTIONS: Final[Mapping[str, Callable[[_Version], Values]]] = {
    "goal": _goal,
    "dates": _dates,
    "rhythm": _rhythm,
    "rule": _rule,
    "budget": _lines(settings_view.budget_lines, "budget"),
    "roles": _lines(settings_view.role_name_lines, "role_names"),
    "visibility": _lines(settings_view.visibility_lines, "visibility"),
    "formats": _list("formats", settings_view.format_line),
    "skills": _list("skills", lambda _document, skill: in_language(skill.get("name"))),
    "objectives": _list("objectives", lambda _document, each: in_language(each.get("title"))),
    "kpis": _list("kpis", lambda document, kpi: settings_view.measure_line(kpi, document)),
    "questionnaires": _list("questionnaires", lambda _document, each: in_language(each.get("title"))),
}
"""By the section: what one version of the settings says."""

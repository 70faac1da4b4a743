"""What the lists of a set-up say of each part: what it holds now, in a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from lti_tool.mentoring.programmes.readiness import Section
from lti_tool.mentoring.programmes.settings import Settings
from lti_tool.translation import gettext as _
from lti_tool.translation import ngettext
from lti_tool.web.language import day, money
from lti_tool.web.programmes.wording import format_name, own, phase, role_name


def summary(section: Section, settings: Settings) -> str:
    """What a part of the settings holds now, in a line; empty where there is nothing to say."""
    text = _SUMMARIES[section](settings) if section in _SUMMARIES else ""
    return text[:1].upper() + text[1:]


def unsaid(section: Section, *, is_template: bool = False, started: bool = False) -> str:
    """What a line of the list says of a part that holds nothing: what belongs there, or that it is left open."""
    if is_template:
        chosen_later = section in (Section.KPIS, Section.QUESTIONNAIRES, Section.OBJECTIVES)
        return _("Chosen by whoever sets the programme up") if chosen_later else _("Nothing yet")
    if section is Section.BUDGET:
        return _("Not given") if started else _("How much, and who pays")
    return _("None chosen yet") if section in (Section.KPIS, Section.QUESTIONNAIRES) else ""


def _goal(settings: Settings) -> str:
    return own(settings.document["goal"])


def _budget(settings: Settings) -> str:
    budget = settings.document["budget"]
    told = money(budget["amount"], budget["currency"]) if budget["amount"] is not None else ""
    return " · ".join(part for part in (told, budget["funding"] or "") if part)


def _roles(settings: Settings) -> str:
    return ", ".join(role_name(settings.document, role) for role in ("mentee", "mentor"))


def _skills(settings: Settings) -> str:
    return _listed([own(skill["name"]) for skill in settings.document["skills"]])


def _objectives(settings: Settings) -> str:
    count = len(settings.document["objectives"])
    if not count:
        return _("None: pairs write their own")
    return ngettext(
        "%(num)s to choose from; pairs may add their own",
        "%(num)s to choose from; pairs may add their own",
        count,
    )


def _formats(settings: Settings) -> str:
    document = settings.document
    names = [format_name(document, code) for code in document["formats"]]
    # A name that a programme gave keeps its first letter.
    own_names = document["format_names"]
    return _listed(
        [
            name if code in own_names else name[:1].lower() + name[1:]
            for code, name in zip(document["formats"], names, strict=True)
        ]
    )


def _listed(names: list[str], shown: int = 4) -> str:
    more = len(names) - shown
    listed = ", ".join(names[:shown])
    return (
        ngettext("%(listed)s and %(num)s more", "%(listed)s and %(num)s more", more, listed=listed)
        if more > 0
        else listed
    )


def _rhythm(settings: Settings) -> str:
    rhythm = settings.document["rhythm"]
    return ngettext(
        "%(num)s meeting of %(minutes)s minutes",
        "%(num)s meetings of %(minutes)s minutes each",
        rhythm["sessions"],
        minutes=rhythm["minutes"],
    )


def _kpis(settings: Settings) -> str:
    kpis = settings.document["kpis"]
    if not kpis:
        return ""
    figures = ngettext("%(num)s figure", "%(num)s figures", len(kpis))
    with_target = sum(kpi["target"] is not None for kpi in kpis)
    if not with_target:
        return _("%(figures)s, no target", figures=figures)
    return ngettext(
        "%(figures)s, %(num)s target", "%(figures)s, %(num)s targets", with_target, figures=figures
    )


def _questionnaires(settings: Settings) -> str:
    phases = [phase(asked["phase"])[0] for asked in settings.document["questionnaires"]]
    return ", ".join(phases)


def _dates(settings: Settings) -> str:
    days = settings.days
    told = _("%(start)s to %(end)s", start=day(days.starts_on), end=day(days.ends_on))
    if not days.has_follow_up:
        return _("%(period)s; no follow-up date yet", period=told)
    return _("%(period)s; follow-up on %(day)s", period=told, day=day(days.follow_up_on))


def _visibility(settings: Settings) -> str:
    seen = settings.document["visibility"]
    figures = _("Figures about fewer than %(count)s people are hidden", count=seen["smallest_group"])
    if seen["hr_sees_names"]:
        return _("%(figures)s; HR sees names", figures=figures)
    return _("%(figures)s; HR does not see participants’ names", figures=figures)


_SUMMARIES: Final[Mapping[Section, Callable[[Settings], str]]] = {
    Section.GOAL: _goal,
    Section.BUDGET: _budget,
    Section.ROLES: _roles,
    Section.SKILLS: _skills,
    Section.OBJECTIVES: _objectives,
    Section.FORMATS: _formats,
    Section.RHYTHM: _rhythm,
    Section.KPIS: _kpis,
    Section.QUESTIONNAIRES: _questionnaires,
    Section.DATES: _dates,
    Section.VISIBILITY: _visibility,
}

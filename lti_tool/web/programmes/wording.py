"""The words of the pages of the set-up: the names of the parts, what each holds now, and what is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Final

from lti_tool.mentoring.programmes.kpis import bound_of, is_followed_by_hand
from lti_tool.mentoring.programmes.readiness import Lack, Missing, Section
from lti_tool.mentoring.programmes.section_form import written
from lti_tool.mentoring.programmes.settings import Document
from lti_tool.translation import current_language
from lti_tool.translation import gettext as _
from lti_tool.web import wording
from lti_tool.web.language import day
from schemas.choices import HIGHEST_LEVEL
from schemas.problem import N_

GROUPS: Final[tuple[tuple[str, tuple[Section, ...]], ...]] = (
    (N_("What it is for"), (Section.GOAL, Section.BUDGET)),
    (
        N_("What people do"),
        (Section.ROLES, Section.SKILLS, Section.OBJECTIVES, Section.FORMATS, Section.RHYTHM),
    ),
    (N_("What counts"), (Section.RULE, Section.KPIS, Section.QUESTIONNAIRES)),
    (N_("When and who"), (Section.DATES, Section.VISIBILITY)),
)
"""The parts in the order of the list, with a heading for each group."""

TITLES: Final[Mapping[str, str]] = {
    Section.GOAL: N_("Name and goal"),
    Section.BUDGET: N_("Budget and funding"),
    Section.ROLES: N_("Names of the two roles"),
    Section.SKILLS: N_("Skills"),
    Section.OBJECTIVES: N_("Objectives to choose from"),
    Section.FORMATS: N_("Formats"),
    Section.RHYTHM: N_("Rhythm"),
    Section.RULE: N_("Completion rule"),
    Section.KPIS: N_("Figures and targets"),
    Section.QUESTIONNAIRES: N_("Questionnaires"),
    Section.DATES: N_("Dates and follow-up"),
    Section.VISIBILITY: N_("Who can see and change what"),
}

KEYS: Final[Mapping[str, str]] = {
    **TITLES,
    "title": N_("Name"),
    "goal": N_("Goal"),
    "role_names": TITLES[Section.ROLES],
}
"""What the pages call the parts of a template's file, by their keys there."""

INTRODUCTIONS: Final[Mapping[str, str]] = {
    Section.GOAL: N_(
        "People read the name at the top of their pages. One language is enough: the text is then used for both."
    ),
    Section.BUDGET: N_("What the programme may cost, and who pays for it. Leave open what you do not know."),
    Section.ROLES: N_("Leave a name empty to keep “mentee” and “mentor”."),
    Section.SKILLS: N_("What people learn in this programme. Objectives and measures refer to them."),
    Section.OBJECTIVES: N_("Pairs choose from this list, and may always add objectives of their own."),
    Section.FORMATS: N_("Whoever logs a meeting says which of these it was. All of them are counted alike."),
    Section.RHYTHM: N_(
        "What a pair is advised to do. What counts for completion is said by the completion rule."
    ),
    Section.KPIS: N_(
        "Choose the figures that you will look at when the programme ends, and their targets. Targets are frozen at "
        "the start. The tool does not calculate these figures yet: you track them yourself."
    ),
    Section.QUESTIONNAIRES: N_(
        "Choose the questionnaires for this group. Once the programme has started, you can no longer add or "
        "remove “Before”."
    ),
    Section.DATES: N_(
        "The meetings take place between the first and the last day. The follow-up shows what has lasted."
    ),
    Section.VISIBILITY: N_("What two people write stays with the two of them, whatever is set here."),
}

EXAMPLES: Final[Mapping[str, str]] = {
    Section.GOAL: N_(
        "“By summer, our managers use data in their own decisions, because a junior colleague has shown them how.”"
    ),
    Section.BUDGET: N_("12000 EUR, from the training budget of the regions."),
    Section.ROLES: N_("“Explorer” learns, “guide” teaches."),
    Section.SKILLS: N_("“Putting generative AI to use”, “Speaking to each audience”."),
    Section.OBJECTIVES: N_(
        "“Write a good prompt for an AI assistant”; the other way round: “Present a project to a committee”."
    ),
    Section.FORMATS: N_("A visit to a shop, a lunch with a customer, a podcast listened to together."),
    Section.RHYTHM: N_("6 meetings of 45 minutes: one a month over half a year."),
    Section.KPIS: N_(
        "“At least seven in ten complete”, “72 hours at most from a meeting to its confirmation”."
    ),
    Section.QUESTIONNAIRES: N_(
        "The same question before and after shows what has changed; 90 days later it shows what has stayed."
    ),
    Section.DATES: N_("From 7 September to 5 March, with a follow-up on 3 June."),
    Section.VISIBILITY: N_("In a group of 12, “at least 5” hides what three people answered."),
    "own-figure": N_("“Ideas presented to a committee: at least 10”."),
}

LACKS: Final[Mapping[str, tuple[str, str]]] = {
    Lack.GOAL: (
        N_("Say what the programme is for."),
        N_("At the end you will ask whether it achieved that."),
    ),
    Lack.SKILLS: (N_("Name at least one skill."), N_("Objectives and progress are seen by skill.")),
    Lack.FORMATS: (N_("Choose at least one format."), N_("Nobody could log a meeting without one.")),
    Lack.OBJECTIVES_UNREACHABLE: (
        N_("Say who else can declare an objective reached."),
        N_("What is done in another tool is not read yet: by that alone nobody would reach it."),
    ),
    Lack.RULE: (N_("Say when a person completes."), N_("Without a rule nobody can complete.")),
    Lack.RULE_UNMEASURABLE: (
        N_("Take out of the rule what is not available yet."),
        N_("Nobody could complete: nothing would ever count for it."),
    ),
    Lack.RULE_IMPOSSIBLE: (
        N_("Choose a rule that people can meet."),
        N_("With these dates and formats, nobody of one of the roles could complete."),
    ),
    Lack.RULE_DRAFTED: (
        N_("Apply the changed rule, or discard the change."),
        N_("Until then the previous rule would count."),
    ),
    Lack.KPIS: (
        N_("Choose the figures, with their targets."),
        N_("Without them nobody can say at the end whether it worked."),
    ),
    Lack.TARGETS: (
        N_("Set at least one target."),
        N_("Without one nobody can say at the end whether it worked."),
    ),
    Lack.BASELINE: (
        N_("Choose the “Before” questionnaire."),
        N_(
            "You send it yourself before the first meeting; without it there is nothing to compare with later."
        ),
    ),
    Lack.DATES_IN_ORDER: (
        N_("Put the dates in order."),
        N_("The last day comes after the first one."),
    ),
    Lack.END_PAST: (N_("Choose a last day in the future."), N_("The current one has passed.")),
    Lack.FOLLOW_UP: (
        N_("Set the follow-up date."),
        N_("About 90 days after the end, people can say what they still use."),
    ),
}
"""What is missing: what to do, and why."""

CRITERIA: Final[Mapping[str, str]] = {
    "assessment": N_("a questionnaire answered"),
    "training": N_("an induction finished"),
    "xapi": N_("something done in another tool"),
}
"""The criteria that cannot be measured yet."""

PHASES: Final[Mapping[str, tuple[str, str]]] = {
    "before": (N_("Before"), N_("To be asked before the first meeting.")),
    "after": (N_("After"), N_("To be asked at the end: the same questions as before, and a few others.")),
    "then": (
        N_("Looking back"),
        N_("To be asked at the end: where was I at the beginning, as I see it now?"),
    ),
    "follow_up": (N_("Follow-up"), N_("To be asked on the day of the follow-up.")),
}
"""The questionnaires: what each is called, and when it is asked."""

UNITS: Final[Mapping[str, tuple[str, str]]] = {
    "hours": (N_("hour"), N_("hours")),
    "minutes": (N_("minute"), N_("minutes")),
    "points": (N_("point"), N_("points")),
}
"""In what a measure is counted: one of it, and several."""
BOUNDS: Final[Mapping[str, str]] = {"at_least": N_("at least"), "at_most": N_("at most")}


USUAL_ROLES: Final[Mapping[str, str]] = {"mentee": N_("mentee"), "mentor": N_("mentor")}
"""What the roles are called where a programme says nothing else."""


EVIDENCE: Final[Mapping[str, str]] = {
    "self": N_("The person learning"),
    "partner": N_("Their partner"),
    "tutor": N_("The tutor"),
    "xapi": N_("Another tool of the course"),
}
"""Who can say that an objective is reached."""


def said(table: Mapping[str, str], code: str) -> str:
    """The text for ``code`` in the current language; templates would take a ``%`` in it for a parameter."""
    return _(table[code])


def phase(code: str) -> tuple[str, str]:
    """What a questionnaire is called, and when it is asked, in the current language."""
    name, when = PHASES[code]
    return _(name), _(when)


def lack(found: Missing) -> tuple[str, str]:
    """What to do about what is missing, and why, in the current language."""
    what, why = LACKS[found.lack]
    if found.criteria:
        listed = ", ".join(_(CRITERIA[each]) if each in CRITERIA else each for each in found.criteria)
        return _("Take out of the rule what is not available yet: %(criteria)s.", criteria=listed), _(why)
    return _(what), _(why)


def own(text: Mapping[str, str] | None) -> str:
    """A text of the settings in the current language."""
    return text[current_language()] if text else ""


def value_in_words(name: str, texts: Sequence[str], document: Document) -> str:
    """What a field of a part holds, as somebody reads it: codes by their names, and dates in full."""
    return ", ".join(_in_words(name, text, document) for text in texts if text)


def _in_words(name: str, text: str, document: Document) -> str:
    match name:
        case "formats":
            return format_name(document, text)
        case "phases" if text in PHASES:
            return phase(text)[0]
        case "tag":
            return wording.word(wording.TAGS, text)
        case "direction":
            return role_name(document, text) if text in USUAL_ROLES else text
        case "evidence" if text in EVIDENCE:
            return said(EVIDENCE, text)
        case "unit":
            return unit({"unit": text}, document) if text == "share" or text in UNITS else text
        case "bound" if text in BOUNDS:
            return said(BOUNDS, text)
        case "skill":
            return next((own(each["name"]) for each in document["skills"] if each["code"] == text), text)
        case "starts_on" | "ends_on" | "follow_up_on":
            try:
                return day(dt.date.fromisoformat(text))
            except ValueError:
                return text
    return _("yes") if text == "yes" else text


def role_name(document: Document, role: str) -> str:
    """What a programme calls a role."""
    return own(document["role_names"][role]) or said(USUAL_ROLES, role)


def format_name(document: Document, code: str) -> str:
    """What a programme calls a format."""
    return own(document["format_names"].get(code)) or wording.format_name(code)


def objective_line(document: Document, objective: Mapping[str, Any]) -> str:
    """What is said of an objective of the catalogue besides its title: for which skill it is, and its level."""
    skill = next((each for each in document["skills"] if each["code"] == objective["skill"]), None)
    level = level_of(objective["level"]) if objective["level"] else ""
    parts = [own(skill["name"]) if skill else "", level, _("a trend to follow") if objective["trend"] else ""]
    return ", ".join(part for part in parts if part)


def level_of(level: int) -> str:
    """The level of an objective, and of how many it is one."""
    return _("level %(level)s of %(highest)s", level=level, highest=HIGHEST_LEVEL).replace(" ", "\u00a0")


def levels() -> list[tuple[int, str]]:
    """The levels of an objective, each in words where it has some."""
    told = {1: _("1 – discovers it"), 3: _("3 – does it alone"), 5: _("5 – can teach it")}
    return [(level, told.get(level, str(level))) for level in range(1, HIGHEST_LEVEL + 1)]


KPI_GROUPS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (N_("Taking part"), ("match_rate", "activation", "completion", "attrition", "response_rate")),
    (N_("Rhythm"), ("adherence", "confirmation_lag", "minutes_per_pair", "minutes_by_format")),
    (
        N_("Results"),
        (
            "objective_attainment",
            "skill_gain",
            "involvement",
            "relationship_quality",
            "recommendation",
            "transfer",
        ),
    ),
    (N_("Costs"), ("cost_per_confirmed_hour", "cost_per_objective")),
)
"""The measures under a heading each."""


def kpi_groups(kpis: Sequence[Mapping[str, Any]]) -> list[tuple[str, tuple[str, ...]]]:
    """A heading for each group of these measures, with their codes; those that are followed by hand are the last."""
    grouped = [(_(heading), codes) for heading, codes in KPI_GROUPS]
    known = {code for _heading, codes in grouped for code in codes}
    own_codes = tuple(kpi["code"] for kpi in kpis if kpi["code"] not in known)
    return [*grouped, (_("Figures of your own"), own_codes)] if own_codes else grouped


OUT_OF_FIVE: Final = frozenset({"relationship_quality"})
"""Measures in points that are a mean of answers from 1 to 5."""
WITHOUT_TARGET: Final = frozenset({"minutes_by_format"})
"""Measures with a figure for each of several things, which have no target in common."""


def bound(kpi: Mapping[str, Any]) -> str:
    """Whether a measure should come to its target at least, or at most."""
    return _(BOUNDS[bound_of(kpi)])


def by_hand(kpi: Mapping[str, Any]) -> bool:
    """Whether nothing computes a measure."""
    return is_followed_by_hand(kpi)


def unit(kpi: Mapping[str, Any], document: Document, value: Fraction = Fraction(2)) -> str:
    """In what a measure is counted, for a value of it; money in the currency of the budget."""
    own_units = {"share": "%", "money": document["budget"]["currency"]}
    if kpi.get("code") in OUT_OF_FIVE:
        return _("out of 5")
    if kpi["unit"] in own_units:
        return str(own_units[kpi["unit"]])
    one, several = UNITS[kpi["unit"]]
    # English has one of something alone, French everything below two.
    is_one = value < 2 if current_language() == "fr" else value == 1
    return _(one) if is_one else _(several)


def target(kpi: Mapping[str, Any], document: Document) -> str:
    """The target of a measure, such as ``at least 70%``; empty where it has none."""
    if kpi["target"] is None:
        return ""
    value = Fraction(str(kpi["target"]["value"]))
    number = written(value * 100 if kpi["unit"] == "share" else value, current_language())
    if kpi["unit"] == "share":
        return f"{bound(kpi)} {_('%(score)s%%', score=number)}"
    return f"{bound(kpi)} {number}\u00a0{unit(kpi, document, value)}"

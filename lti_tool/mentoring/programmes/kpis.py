"""The measures of a programme as forms: which are used with which target, and the words of each.

The tool knows how the measures of its own templates are computed. Another one, which a business adds, is followed by
hand: it is listed with its definition and its target, and nothing is computed for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from fractions import Fraction
from typing import Any, Final

from lti_tool.mentoring.programmes.codes import new_code
from lti_tool.mentoring.programmes.section_form import (
    SectionForm,
    Standing,
    Values,
    View,
    both,
    changed_settings,
    exact,
    shown,
    written,
)
from lti_tool.mentoring.programmes.settings import Document, Settings
from schemas.programme_entries import KpiForm
from schemas.programme_sections import HIGHEST_TARGET, kpis_form

NEW: Final = "new"
COMPUTED: Final = frozenset(
    {
        "match_rate",
        "activation",
        "adherence",
        "confirmation_lag",
        "minutes_per_pair",
        "minutes_by_format",
        "objective_attainment",
        "skill_gain",
        "involvement",
        "relationship_quality",
        "recommendation",
        "completion",
        "attrition",
        "response_rate",
        "transfer",
        "cost_per_confirmed_hour",
        "cost_per_objective",
    }
)
"""The codes that say how a measure is computed."""
OWN: Final = "own"
"""Before the code of a measure that a business adds, so that no later version of the tool takes it."""


def is_followed_by_hand(kpi: Mapping[str, Any]) -> bool:
    """Whether nothing computes a measure: it is one that a business has added."""
    return kpi["code"] not in COMPUTED


_SCALES: Final[Mapping[str, int]] = {"relationship_quality": 5, "skill_gain": 4}
"""Of measures that are a mean of answers on a scale from 1 to 5, or a difference of two: the highest value."""


def all_kpis(document: Document, standard: Document) -> list[dict[str, Any]]:
    """The measures of the settings, and behind them those of the usual template that they do not have."""
    own = {kpi["code"] for kpi in document["kpis"]}
    return [*document["kpis"], *(kpi for kpi in standard["kpis"] if kpi["code"] not in own)]


def _highest_target(kpi: Mapping[str, Any]) -> int:
    """What a measure can come to at most: targets are frozen at the start, so that none may be out of reach."""
    if kpi["unit"] == "share":
        return 100
    return _SCALES.get(kpi["code"], HIGHEST_TARGET)


def kpis_section(settings: Settings, standing: Standing) -> SectionForm:
    """The form that says which measures are used, and what each should come to."""
    known = all_kpis(settings.document, standing.standard)

    def read(settings: Settings) -> View:
        used = {kpi["code"]: kpi for kpi in settings.document["kpis"]}
        view: dict[str, tuple[str, ...]] = {}
        for kpi in known:
            code, mine = kpi["code"], used.get(kpi["code"])
            view[f"use_{code}"] = ("yes",) if mine else ()
            view[f"target_{code}"] = (_target_text(mine or kpi, standing.language),)
        return view

    def write(settings: Settings, values: Values) -> Settings:
        kpis = [
            {
                **deepcopy(kpi),
                "target": _target(bound_of(kpi), kpi["unit"], values.get(f"target_{kpi['code']}")),
            }
            for kpi in known
            if values[f"use_{kpi['code']}"]
        ]
        return changed_settings(settings, kpis=kpis)

    form = kpis_form([(kpi["code"], kpi["name"][standing.language], _highest_target(kpi)) for kpi in known])
    return SectionForm(form, read, write)


def kpi_form(code: str, _settings: Settings, standing: Standing) -> SectionForm:
    """The form of the words of a measure; of one that a business adds, its unit and its target too."""
    is_own = code not in COMPUTED

    def read(settings: Settings) -> View | None:
        kpi = next((each for each in settings.document["kpis"] if each["code"] == code), None)
        if kpi is None and code != NEW:
            return None
        words = {
            **shown("name", kpi and kpi["name"], standing.language),
            **shown("definition", kpi and kpi["definition"], standing.language),
        }
        if not is_own:
            return words
        unit, target = (kpi["unit"], _target_text(kpi, standing.language)) if kpi else ("share", "")
        return {
            **words,
            "unit": (unit,),
            "bound": (bound_of(kpi) if kpi else "at_least",),
            "target": (target,),
        }

    def write(settings: Settings, values: Values) -> Settings:
        kpis = deepcopy(settings.document["kpis"])
        words = {"name": both(values, "name"), "definition": both(values, "definition")}
        before = next((each for each in kpis if each["code"] == code), None)
        if before is not None and not is_own:
            before |= words
            return changed_settings(settings, kpis=kpis)
        taken = [each["code"] for each in kpis]
        made = {
            "code": new_code(words["name"]["en"], taken, prefix=OWN, longest=60) if code == NEW else code,
            **words,
            "unit": values["unit"],
            "target": _target(values["bound"], values["unit"], values["target"]),
        }
        kept = [made if each["code"] == code else each for each in kpis]
        return changed_settings(settings, kpis=kept if before is not None else [*kpis, made])

    return SectionForm(KpiForm(standing.language, is_own=is_own), read, write)


def _target_text(kpi: Mapping[str, Any], language: str) -> str:
    if kpi["target"] is None:
        return ""
    value = Fraction(str(kpi["target"]["value"]))
    return written(value * 100 if kpi["unit"] == "share" else value, language)


def bound_of(kpi: Mapping[str, Any]) -> str:
    """``at_least`` or ``at_most``: as its target has it; what costs less is better."""
    if kpi["target"] is not None:
        return str(kpi["target"]["bound"])
    return "at_most" if kpi["unit"] == "money" else "at_least"


def _target(bound: str, unit: str, typed: Fraction | None) -> dict[str, Any] | None:
    if typed is None:
        return None
    return {"bound": bound, "value": exact(typed / 100 if unit == "share" else typed)}

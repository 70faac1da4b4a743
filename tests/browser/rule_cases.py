"""How to come to the pages of the completion rule: a draft, one with everything wrong, and one that another saved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lti_tool.events import log
from lti_tool.identity.principal import CourseRole, Principal, PrincipalKind
from lti_tool.mentoring.completion.drafts import save_draft
from lti_tool.web.programmes.rule_editor import canonical
from tests.builder import situations
from tests.builder.situations import Situation

if TYPE_CHECKING:
    from tests.browser.visits import Visit

PAGE = "programme/rule"

DRAFT: dict[str, Any] = {
    "v": 1,
    "mode": "all",
    "criteria": [
        {"id": "agreement", "type": "agreement"},
        {"id": "sessions", "type": "sessions", "min": 4, "min_minutes_each": 30, "w": 4},
        {
            "id": "either",
            "type": "group",
            "mode": "any",
            "criteria": [
                {"id": "objectives", "type": "objectives", "count": 1, "evidence": ["partner"]},
                {"id": "changes", "type": "reflection", "min": 1},
            ],
        },
    ],
}
WRONG = {
    "criteria.0.type": "sessions",
    "criteria.0.id": "sessions",
    "criteria.0.min": "six",
    "criteria.0.min_minutes_each": "900",
    "criteria.0.status": "confirmed",
    "criteria.0.w": "-1",
    "criteria.1.type": "xapi",
    "criteria.1.id": "xapi",
    "criteria.1.activity": "a page",
    "criteria.1.verb": "http://adlnet.gov/expapi/verbs/passed",
    "mode": "all",
    "do": "save",
}


def tutor_of_draft(situation: Situation) -> None:
    """A tutor at work on another rule."""
    situations.tutor(situation)
    assert situation.cohort is not None
    save_draft(situation.db, cohort_id=situation.cohort.id, rule=canonical(DRAFT), seen=0, now=situation.now)


def tutor_of_colleagues_draft(situation: Situation) -> None:
    """The same, where a colleague has saved the draft."""
    situations.tutor(situation)
    assert situation.cohort is not None
    colleague = situation.person("Hélène Marchand", CourseRole.TUTOR)
    before = log.acting_principal(situation.db)
    log.set_principal(situation.db, Principal(kind=PrincipalKind.PERSON, person_id=colleague.id))
    save_draft(situation.db, cohort_id=situation.cohort.id, rule=canonical(DRAFT), seen=0, now=situation.now)
    log.set_principal(situation.db, before)


def wrong(visit: Visit) -> None:
    """Everything that can be typed wrong."""
    home = visit.situation(situations.tutor, PAGE)
    visit.send(home + PAGE, form_id="completion-rule", **WRONG)


def asked_to_give_up(visit: Visit) -> None:
    """What would be lost with the draft."""
    visit.situation(tutor_of_draft, PAGE)
    visit.page.get_by_role("button", name=re.compile("(Back to|Revenir à la) version")).click()


def saved_elsewhere(visit: Visit) -> None:
    """The draft was saved by another since the page was opened."""
    home = visit.situation(tutor_of_colleagues_draft, PAGE)
    right = {name: value for name, value in WRONG.items() if not name.startswith("criteria.1")}
    changed = {**right, "criteria.0.min": "8", "criteria.0.min_minutes_each": "45", "criteria.0.w": "1"}
    visit.send(home + PAGE, form_id="completion-rule", seen="0", **changed)


def about_to_add(visit: Visit) -> None:
    """The list of the conditions that can be added, open."""
    visit.situation(tutor_of_draft, PAGE)
    visit.page.locator("#add-to-rule").click()

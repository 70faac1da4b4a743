"""Every page that the tool can show, and how to come to it: the list that the tests of all pages walk.

A route that renders a page and is neither here nor in :data:`NOT_PAGES` fails ``test_every_page.py`` by its name.
"""

from __future__ import annotations

from tests.browser.learner_cases import LEARNER_CASES
from tests.browser.not_pages import NOT_PAGES
from tests.browser.owner_pages import OWNER_CASES
from tests.browser.programme_cases import PROGRAMME_CASES
from tests.browser.public_cases import PUBLIC_CASES
from tests.browser.tutor_cases import TUTOR_CASES
from tests.browser.visits import Case, Visit

__all__ = ["CASES", "NOT_PAGES", "Case", "Visit"]

CASES: tuple[Case, ...] = (
    *LEARNER_CASES,
    *TUTOR_CASES,
    *PROGRAMME_CASES,
    *OWNER_CASES,
    *PUBLIC_CASES,
)

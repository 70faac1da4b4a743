"""What holds for the first page of everybody, in both languages, and for some pages below it in French."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

import pytest
from babel.messages import Catalog

from tests.builder import situations
from tests.builder.situations import SITUATIONS, Situation
from tests.web.test_language import french as french
from tests.web.test_language import translated, words_of
from tests.web.visiting import Visit

BELOW = {
    situations.begins: ["sessions/new", "sessions", "agreement", "objectives", "nothing-here"],
    situations.to_sign: ["agreement"],
    situations.under_way: ["sessions", "objectives"],
    situations.tutor: ["preview/mentee", "preview/mentor", "cohort/live", "programme/audit"],
}
SAYS_ALIKE = {"Audio", "Chat", "Coaching", "Communication", "Culture", "Mentor", "Services", "Extensions"}
"""What is spelled the same in both languages, or would be found inside other words."""


IsEnglish = Callable[[str], bool]


@pytest.fixture(scope="module")
def is_english(french: Catalog) -> IsEnglish:
    """Whether a text is English that French has a text of its own for, with anything in place of what is filled in.

    Pages share most of their texts, and a text is compared with two thousand.
    """
    patterns = list(english_patterns(french))

    @cache
    def compare(text: str) -> bool:
        return any(pattern.fullmatch(text) for pattern in patterns)

    return compare


def with_plain_spaces(texts: Iterable[str]) -> set[str]:
    return {re.sub(r"\s+", " ", text) for text in texts}


def english_patterns(french: Catalog) -> Iterator[re.Pattern[str]]:
    """The texts whose French differs by more than its spaces."""
    for message in french:
        if not message.id:
            continue
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        for text in with_plain_spaces(ids) - with_plain_spaces(translated(message)) - SAYS_ALIKE:
            parts = [re.escape(part).replace("%%", "%") for part in re.split(r"%\(\w+\)s", text)]
            if re.search(r"[^\W\d_]", "".join(parts)):
                yield re.compile(r".+?".join(parts))


def primary_actions(situation: Callable[[Situation], None], page: str) -> int:
    """How many a page may have: one for each of the two who wait, and one for each of two roles, which are equals."""
    of_two_roles = 'id="choose-mentee"' in page and 'id="choose-mentor"' in page
    return 2 if situation is situations.tutor_to_validate or of_two_roles else 1


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation.__name__)
def test_a_first_page_is_whole(
    visit: Callable[..., Visit], is_english: IsEnglish, situation: Callable[[Situation], None]
) -> None:
    here = visit(situation, locale="fr-CA")
    homes = {"fr": here.text()}
    in_french = [homes["fr"], *map(here.text, BELOW.get(situation, []))]
    here.post("language", lang="en", back=here.home)
    homes["en"] = here.text()
    english_left = [text for page in in_french for text in words_of(page) if is_english(text)]
    wrong = {
        f"{claim}, {language}"
        for language, page in homes.items()
        for claim, holds in {
            "the switch leads to the other language": {"en": "Français", "fr": "English"}[language] in page,
            "one button signs out": page.count(f'action="{here.home}sign-out"') == 1,
            "one action is the primary one": page.count("btn-primary") <= primary_actions(situation, page),
            "nothing is in line that the content policy refuses": not re.search(
                r" style=|<script>| onclick", page
            ),
            "no button is of a form that is not there": all(
                f'id="{form_id}"' in page for form_id in re.findall(r'<button [^>]*form="([^"]+)"', page)
            ),
        }.items()
        if not holds
    }
    assert (english_left, wrong) == ([], set())

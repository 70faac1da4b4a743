"""Two people change the same part of the settings: what the second had typed, beside what the first has saved since."""

from __future__ import annotations

from dataclasses import dataclass

from lti_tool.mentoring.programmes.section_form import View


@dataclass(frozen=True)
class Difference:
    """A field that somebody else changed after the page of the second person was made."""

    name: str
    was: tuple[str, ...]
    now: tuple[str, ...]
    typed: tuple[str, ...]
    """By the second person; as it was where they left it alone."""

    @property
    def is_contested(self) -> bool:
        """Whether both changed it, each to something else."""
        return self.typed not in (self.was, self.now)


def merged(was: View | None, now: View | None, typed: View) -> tuple[View, list[Difference]]:
    """What the second person typed, with what the first changed where the second did not; and every such field.

    ``was``: as the second person's page showed it; ``now``: as it is. None for an entry that is not there.
    """
    was, now = was or {}, now or {}
    differences = [
        Difference(name, was.get(name, ()), now.get(name, ()), typed.get(name, ()))
        for name in typed
        if was.get(name, ()) != now.get(name, ())
    ]
    left_alone = {each.name: each.now for each in differences if each.typed == each.was and now}
    return {**typed, **left_alone}, differences

"""The journey of a pair as one of the two sees it at home: the drawings, and the lines of the list beside them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from lti_tool.mentoring.journey.views import Journey, ObjectiveLine, PairView, SessionLine
from lti_tool.mentoring.roles import Role
from lti_tool.web.journey_drawing.facts import JourneyFacts
from lti_tool.web.journey_drawing.from_pair import day_in, faces_of, facts_for_learner
from lti_tool.web.journey_drawing.labels import Faces
from lti_tool.web.journey_drawing.ring import Ring, ring
from lti_tool.web.journey_drawing.sparkline import Sparkline, in_equal_steps
from lti_tool.web.journey_drawing.steps import JourneySteps, journey_steps
from lti_tool.web.journey_drawing.timeline import TimelineDrawing, timeline


@dataclass(frozen=True)
class DrawnJourney:
    """What the template draws."""

    facts: JourneyFacts
    faces: Faces
    sessions: Mapping[uuid.UUID, SessionLine]
    objective_dates: Mapping[uuid.UUID, dt.date]
    """When each objective got to where it is."""
    minutes: int
    """Spent together, in the meetings that count: both have confirmed them, or the rule asks for no confirmation."""
    met: int
    """How many of them."""
    reached: tuple[ObjectiveLine, ...]
    """The objectives that were reached, in either direction."""

    agreed_roles: frozenset[Role]
    """Whether the one who looks has accepted the pair; once both have, who has signed its agreement."""

    @property
    def timeline(self) -> TimelineDrawing:
        """The large drawing, for a wide page."""
        return timeline(self.facts)

    @property
    def steps(self) -> JourneySteps:
        """The list with tiles, for a phone."""
        return journey_steps(self.facts, with_today=True)

    @property
    def small(self) -> Sparkline:
        """The small drawing, beside what is next."""
        return in_equal_steps(self.facts)

    @property
    def ring(self) -> Ring:
        """The ring at completion."""
        return ring(self.facts)


def drawn_journey(
    journey: Journey,
    pair: PairView | None,
    *,
    today: dt.date,
    ends_on: dt.date,
    zone: dt.tzinfo = dt.UTC,
) -> DrawnJourney | None:
    """The drawings of a pair, with the days of the reader's zone; None without one."""
    if pair is None:
        return None
    days = {line.id: day_in(line.since, zone) for line in pair.objectives if line.since is not None}
    asked = journey.progress.meetings
    is_enough = ("held", "confirmed") if asked and asked.params.get("status") == "held" else ("confirmed",)
    counted = [line for line in pair.sessions if line.status in is_enough]
    mine = Role(journey.me.role)
    # Once both have accepted, the drawings say who has signed. Before, nobody sees what the other has answered.
    if pair.status == "proposed":
        answers = {mine: pair.accepted_by_me_at}
    else:
        answers = {mine: pair.signed_by_me_at, mine.other: pair.signed_by_partner_at}
    facts = facts_for_learner(
        pair, journey.me, journey.progress, today=today, ends_on=ends_on, objective_days=days, zone=zone
    )
    return DrawnJourney(
        facts,
        faces_of(pair, journey.me),
        {line.id: line for line in pair.sessions},
        days,
        sum(line.minutes for line in counted),
        len(counted),
        tuple(line for line in pair.objectives if line.status == "reached"),
        frozenset(role for role, said_yes in answers.items() if said_yes),
    )

"""The page on which a tutor confirms the objectives for which a pair chose the tutor's word."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from lti_tool.composition.projections import check_projections
from lti_tool.composition.services import Services
from lti_tool.composition.transaction import transaction
from lti_tool.database import utcnow
from lti_tool.identity.principal import OPERATOR
from lti_tool.mentoring.objectives.actions import agree_to_objective, claim_objective, propose_objective
from lti_tool.mentoring.objectives.models import Objective
from lti_tool.mentoring.pairs.models import Pair
from tests.builder import situations
from tests.web.visiting import Visit


def add(services: Services, title: str, *accepts: str) -> Objective:
    """An objective of the first active pair towards its mentee, agreed by both and said to be reached."""
    with transaction(services, OPERATOR) as db:
        pair = db.scalars(sa.select(Pair).where(Pair.status == "active").order_by(Pair.id).limit(1)).one()
        made = propose_objective(
            db,
            pair_id=pair.id,
            by=pair.mentor_id,
            title=title,
            direction="mentee",
            tag="skills",
            required=True,
            now=utcnow(),
            accepts=accepts,
        )
        agree_to_objective(db, objective_id=made.id, by=pair.mentee_id, now=utcnow())
        claim_objective(db, objective_id=made.id, by=pair.mentee_id, now=utcnow())
        db.expunge(made)
        return made


def test_a_tutor_sees_and_confirms_those_alone_that_the_pair_chose(
    visit: Callable[..., Visit], services: Services
) -> None:
    tutor = visit(situations.tutor)
    theirs, other = add(services, "Lead a workshop", "tutor"), add(services, "A secret of ours", "partner")
    home = tutor.text()
    assert "says that an objective is reached: it is waiting for you to confirm it" in home
    assert "Lead a workshop" not in home
    second = add(services, "Chair a call", "tutor")
    assert "2 objectives are reached" in tutor.text()
    assert tutor.post(f"cohort/objectives/{second.id}").status_code == 302
    page = tutor.text("cohort/objectives")
    assert "Lead a workshop" in page
    assert "says that it is reached" in page
    assert "A secret of ours" not in page
    assert tutor.post(f"cohort/objectives/{theirs.id}").status_code == 302
    assert "waits for you to confirm it" not in tutor.text()
    assert tutor.post(f"cohort/objectives/{other.id}").status_code == 409
    third = add(services, "Read a contract", "tutor")
    assert f"{third.id}/not-yet" in tutor.text("cohort/objectives")
    assert tutor.post(f"cohort/objectives/{third.id}/not-yet").status_code == 302
    assert tutor.post(f"cohort/objectives/{other.id}/not-yet").status_code == 409
    page = tutor.text("cohort/objectives")
    assert "Read a contract" in page
    assert "says that it is reached" not in page
    with services.database.reading() as db:
        found = db.get_one(Objective, theirs.id)
        assert (found.status, found.evidence) == ("reached", "tutor")
    history = tutor.get(f"cohort/pairs/{theirs.pair_id}")
    assert history.status_code == 200
    assert "The tutor confirmed an objective" in history.get_data(as_text=True)
    assert "The tutor said that an objective is not reached yet" in history.get_data(as_text=True)
    assert "Lead a workshop" not in history.get_data(as_text=True)
    assert {each.name: each.differences for each in check_projections(services) if not each.identical} == {}

"""No column that names a participant is forgotten when two enrolments become one."""

from __future__ import annotations

import lti_tool.app
from lti_tool.database import Base
from lti_tool.subscribers.united import HANDED_OVER

PROJECTIONS = {
    "completion_record.participant_id",
    "score_state.participant_id",
    "timeline_entry.participant_id",
}
"""Their own subscribers keep them."""
ENROLMENT = {
    "former_cohort.participant_id",
    "participant_skill.participant_id",
    "participant_traits.participant_id",
}
"""Of the slice of enrolments, which unites its own rows."""
LOGS = {"event.participant_id", "audit_entry.participant_id"}
"""What happened, happened to the former enrolment."""


def test_each_column_that_names_a_participant_is_handed_over_or_said_to_stay() -> None:
    assert lti_tool.app.PAGES  # whose imports declare the tables
    naming = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.target_fullname == "participant.id" for key in column.foreign_keys)
    }
    handed_over = {f"{column.class_.__tablename__}.{column.key}" for column in HANDED_OVER}
    assert naming == handed_over | PROJECTIONS | ENROLMENT | LOGS

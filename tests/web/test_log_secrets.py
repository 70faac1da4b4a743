"""What goes wrong is written to the log, and the secrets that were part of it are not."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services


def test_the_text_of_a_database_error_holds_no_value_that_was_being_written(services: Services) -> None:
    with pytest.raises(sa.exc.DBAPIError) as caught, services.database.transaction() as db:
        db.execute(sa.text("INSERT INTO nowhere (state) VALUES (:state)"), {"state": "a-secret-state"})
    assert "a-secret-state" not in str(caught.value)

"""The table of a company's own templates, added to a database that is in use."""

from __future__ import annotations

import sqlalchemy as sa

from lti_tool.events.log import set_principal
from lti_tool.identity.models import Organisation
from lti_tool.identity.principal import OPERATOR
from lti_tool.mentoring.programmes.template import load_template
from lti_tool.mentoring.programmes.template_actions import keep_template
from lti_tool.mentoring.programmes.template_queries import templates_offered
from lti_tool.migrations import migrate
from tests.builder import NOW


def test_a_company_has_no_template_of_its_own_at_first_and_can_keep_one(first_version_at):
    first_version = first_version_at(before="0027")
    migrate(first_version)
    with first_version.transaction() as db:
        set_principal(db, OPERATOR)
        organisation_id = db.scalars(sa.select(Organisation.id).limit(1)).one()
        assert not any(record.is_own for record in templates_offered(db, organisation_id))
        assert keep_template(db, organisation_id, load_template("demo"), by=None, now=NOW)
        assert [record.code for record in templates_offered(db, organisation_id) if record.is_own] == ["demo"]

"""The tool and an LMS with Canvas's rules, both listening: registration, launches and services over HTTP alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from lti_tool.composition.services import Services
from lti_tool.config import Config
from lti_tool.demo.browser import Browser
from lti_tool.demo.connect import connect_tool
from lti_tool.demo.lms.server import RunningLms
from lti_tool.demo.lms.settings import LmsSettings
from lti_tool.lti.platform_service import PlatformService
from lti_tool.lti.registration.models import Registration
from tests.web.setup.conftest import new_invitation
from tests.web.setup.listening import tool_and_lms

CANVAS = LmsSettings(
    data_dir=Path(), port=0, grade_rules="canvas", product_family_code="canvas", platform_name="Canvas School"
)


@dataclass
class CanvasSchool:
    """A school with Canvas, and the tool beside it."""

    services: Services
    lms: RunningLms

    def setup_url(self) -> str:
        """A new invitation's page."""
        return f"{self.services.config.base_url}/setup?invite={new_invitation(self.services)}"

    def connect(self) -> str:
        """Register the tool, as an administrator does; Canvas's id of it."""
        return connect_tool(Browser(), self.lms.base_url, self.setup_url())

    def tool(self) -> dict[str, Any]:
        """What Canvas knows of the tool."""
        with self.lms.lms.store.reading() as db:
            row = dict(db.execute("SELECT * FROM tools").fetchone())
        return {**row, "canvas": json.loads(row["canvas"]), "scopes": json.loads(row["scopes"])}

    def registration(self) -> Registration:
        """What the tool knows of Canvas."""
        with self.services.database.reading() as db:
            return db.scalars(sa.select(Registration)).one()

    def change(self, **values: Any) -> None:
        """Change what the tool knows of Canvas."""
        with self.services.database.transaction() as db:
            db.execute(sa.update(Registration).values(**values))

    @property
    def service(self) -> PlatformService:
        """Canvas's services, as the tool calls them."""
        return PlatformService(self.services, self.registration().id)

    def calls(self, ending: str) -> list[tuple[int, str]]:
        """Status and reason of Canvas's log for paths that end like this, oldest first."""
        with self.lms.lms.store.reading() as db:
            rows = db.execute("SELECT path, status, reason FROM calls ORDER BY id").fetchall()
        return [(row["status"], row["reason"]) for row in rows if row["path"].endswith(ending)]


@pytest.fixture
def lms_settings() -> LmsSettings:
    """How Canvas is set up; a test may have a fixture of its own."""
    return CANVAS


@pytest.fixture
def school(config: Config, tmp_path: Path, lms_settings: LmsSettings) -> Iterator[CanvasSchool]:
    """The tool and Canvas, both listening, that do not know each other yet."""
    with tool_and_lms(config, replace(lms_settings, data_dir=tmp_path / "lms")) as (services, lms):
        yield CanvasSchool(services, lms)

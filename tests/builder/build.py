"""Where building begins: whose tool, who acts, and when."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy.orm import Session

from lti_tool.composition import transaction as composition
from lti_tool.composition.services import Services
from lti_tool.events import log
from lti_tool.identity.principal import TOOL, Principal
from tests.builder import rows
from tests.builder.clock import NOW, Clock

if TYPE_CHECKING:
    from tests.builder.cohorts import BuiltCohort
    from tests.builder.pairs import BuiltPair
    from tests.builder.places import BuiltCourse, BuiltOrganisation
    from tests.builder.world import World


class _Open(threading.local):
    """What is open in this thread: a transaction, and whether it makes statements."""

    db: Session | None = None
    silent: bool = False


@dataclass(frozen=True)
class Builder:
    """Makes facts in a tool's database. The values that its methods return make further ones."""

    services: Services
    principal: Principal = TOOL
    """Who acts."""
    clock: Clock = field(default_factory=Clock)
    _open: _Open = field(default_factory=_Open, repr=False, compare=False)

    @property
    def now(self) -> dt.datetime:
        """The present moment of the clock."""
        return self.clock.now

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction for everything that is built in the block; its consequences are handled at the end.

        Each fact has a transaction of its own otherwise. Inside an open one, that one.
        """
        if self._open.db is not None:
            yield self._open.db
            return
        services = self.services
        if self._open.silent:
            kept = [one for one in services.subscribers if one.name != "statements"]
            services = dataclasses.replace(services, subscribers=kept)
        with (
            self.clock.applied(),
            composition.transaction(services, self.principal) as db,
            self.within(db),
        ):
            yield db

    @contextmanager
    def within(self, db: Session | None) -> Iterator[None]:
        """Write what is built in the block into a transaction that somebody else has begun, and commits.

        None: as if there were no block.
        """
        before = self._open.db
        if db is not None:
            self._open.db = db
        try:
            yield
        finally:
            self._open.db = before

    @contextmanager
    def without_consequences(self) -> Iterator[Session]:
        """One transaction whose events no subscriber handles, as an older version of the tool may have left them."""
        with self.services.database.transaction() as db:
            log.set_principal(db, self.principal)
            with self.within(db):
                yield db

    @contextmanager
    def without_statements(self) -> Iterator[None]:
        """What is built in the block makes no statement: what is enqueued afterwards, the test has caused."""
        before, self._open.silent = self._open.silent, True
        try:
            yield
        finally:
            self._open.silent = before

    def acting_as(self, principal: Principal) -> Builder:
        """The same, by somebody else."""
        return dataclasses.replace(self, principal=principal, _open=_Open())

    def on(self, services: Services) -> Builder:
        """The same, by another process of the tool."""
        return dataclasses.replace(self, services=services, _open=_Open())

    def organisation(self, name: str = "Example") -> BuiltOrganisation:
        """A company; with a number behind the name where it is taken."""
        from tests.builder.places import BuiltOrganisation

        with self.transaction() as db:
            return BuiltOrganisation(self, rows.add_organisation(db, name).id)

    def course(self, title: str = "Digital cultures") -> BuiltCourse:
        """A course at a platform of a new company."""
        with self.transaction():
            return self.organisation().platform().course(title)

    def cohort(self, template: str = "demo") -> BuiltCohort:
        """A running cohort of a new programme in a new course. Nobody takes part yet.

        ``template``: under ``demo``, the agreement and one confirmed meeting complete the programme.
        """
        with self.transaction():
            return self.course().programme(template).cohort()

    def pair(self, template: str = "demo") -> BuiltPair:
        """A pair that has signed, in a cohort of its own."""
        return self.cohort(template).pair()

    def world(self, template: str = "demo", issuer: str = rows.ISSUER, *, now: dt.datetime = NOW) -> World:
        """The small programme of :class:`~tests.builder.world.World`; it has made no statement."""
        from tests.builder.world import make_world

        return make_world(self, template, issuer, now)


@dataclass(frozen=True)
class Built:
    """Something that was built, by its id."""

    build: Builder = field(repr=False)
    id: uuid.UUID

    def by(self, build: Builder) -> Self:
        """The same, of which another builder makes further facts."""
        parts: dict[str, Any] = {
            each.name: value.by(build)
            for each in dataclasses.fields(self)
            if isinstance(value := getattr(self, each.name), Built)
        }
        return dataclasses.replace(self, build=build, **parts)

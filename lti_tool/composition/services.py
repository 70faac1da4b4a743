"""What every part of the tool is given: the web, the worker, the commands.

Making :class:`Services` connects to nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from lti_tool.composition.subscribers import SUBSCRIBERS, MakeSubscriber
from lti_tool.config import Config, WrongSetting
from lti_tool.database import Database
from lti_tool.encryption import Vault
from lti_tool.events.dispatch import Subscriber
from lti_tool.jobs.wakeups import Wakeups
from lti_tool.lti.launch.keysets import PlatformKeys
from lti_tool.lti.launch.login_states import LoginStates
from lti_tool.lti.launch.tool_config import DatabaseToolConfig
from lti_tool.lti.refusal_log import FrequentRefusals
from lti_tool.lti.tool_keys import ToolKeys
from lti_tool.outbound.client import GuardedHttp
from lti_tool.translation import LANGUAGES


@dataclass
class Services:
    """The parts, made once for a process."""

    config: Config
    database: Database
    guarded: GuardedHttp
    """Makes the sessions that call platforms and record stores: time-outs, size limits, no private addresses."""
    http: GuardedHttp
    """The pooled session for calls to platforms."""
    vault: Vault
    """Encrypts secrets at rest."""
    keys: ToolKeys
    """The tool's own signing keys."""
    tool_config: DatabaseToolConfig
    """The registrations and approved deployments."""
    login_states: LoginStates
    """Logins under way."""
    platform_keys: PlatformKeys
    """The platforms' public keys."""
    frequent_refusals: FrequentRefusals
    """Refusals that are counted before they are written."""
    wakeups: Wakeups
    """Wake the processes that run background jobs."""
    wake: threading.Event = field(default_factory=threading.Event)
    """Set when deliveries were written, so that a worker in this process need not wait for its next look."""
    subscribers: Sequence[Subscriber] = ()
    """What handles events, in this order."""

    def close(self) -> None:
        """Close the connections to platforms, record stores and the database that nobody uses now."""
        self.http.close()
        self.guarded.close()
        self.database.dispose()


def make_services(
    config: Config,
    subscribers: Sequence[MakeSubscriber] = SUBSCRIBERS,
    *,
    database: Database | None = None,
) -> Services:
    """Make the parts for ``config``. Raises :class:`lti_tool.config.WrongSetting` for an unknown language.

    ``database``: one that is made already, for whoever makes services again and again for the same one.
    """
    if config.default_locale not in LANGUAGES:
        raise WrongSetting(f"TANDEM_DEFAULT_LOCALE: must be {' or '.join(LANGUAGES)}")
    database = database or Database(config.database_url)
    guarded = GuardedHttp(config)
    vault = Vault(config.secret_key)
    tool_config = DatabaseToolConfig(database)
    services = Services(
        config=config,
        database=database,
        guarded=guarded,
        http=guarded.session(),
        vault=vault,
        keys=ToolKeys(database, vault),
        tool_config=tool_config,
        login_states=LoginStates(tool_config, config.secret_key),
        platform_keys=PlatformKeys(database, guarded),
        frequent_refusals=FrequentRefusals(database),
        wakeups=Wakeups(config, database),
    )
    services.subscribers = tuple(make(config) for make in subscribers)
    return services

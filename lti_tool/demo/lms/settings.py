"""How one LMS of the demo is set up: its address, its folder, and whose manners it follows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class RecordStore:
    """A learning record store that the LMS shows: its xAPI address, ending in a slash, and who may read it."""

    endpoint: str
    username: str
    password: str


@dataclass(frozen=True)
class LmsSettings:
    """Everything that ``create_lms`` needs; two LMSs with two folders share nothing."""

    data_dir: Path
    "Where the SQLite file, the signing key and the cookie secret live; kept between starts."
    port: int = 5001
    "0 lets ``RunningLms`` choose a free one."
    host_name: str = "localhost"
    "The name in every address the LMS gives out; the tool's is 127.0.0.1, so that its frame is cross-site."
    grade_rules: Literal["moodle", "canvas"] = "moodle"
    "Whose rules the scores follow."
    product_family_code: str = "moodle"
    "What launches say the platform is."
    platform_version: str = "2024100700"
    platform_name: str = "Campus Horizon"
    default_locale: Literal["fr", "en"] = "fr"
    login_method: Literal["post", "get"] = "post"
    "How a launch reaches the tool's login: Moodle posts a form."
    id_token_seconds: int = 60
    hint_seconds: int = 300
    "A launch must come back within this time."
    access_token_seconds: int = 3600
    registration_seconds: int = 3600
    names_deployment: bool = True
    "Under Canvas's rules: whether its answer to a registration names the deployment, which it may leave out."
    lrs: RecordStore | None = None
    "Where statements are read for the page that shows them; without it there is no such page."
    http_seconds: float = 5.0
    "Longest wait for a tool's key set."
    lifetime_leeway_seconds: int = 10
    "Clock difference forgiven in what a tool signs."

    @property
    def is_canvas(self) -> bool:
        """Whether it is Canvas whose rules are followed; Moodle's otherwise."""
        return self.product_family_code == "canvas"

    @property
    def issuer(self) -> str:
        """The issuer and base address, without a slash at its end."""
        return f"http://{self.host_name}:{self.port}"

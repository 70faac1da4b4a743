"""Canvas by Instructure, hosted or run by a school itself.

https://developerdocs.instructure.com/services/canvas/external-tools/lti/file.lti_launch_overview
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, ClassVar, Final

from lti_tool.lti.platforms.base import HostedHosts, Platform, ScoreRefusal, ToolDescription, labels_of
from lti_tool.lti.platforms.canvas_labels import LABELS
from lti_tool.translation import Message
from schemas.problem import N_

_SSO: Final = frozenset({"sso.canvaslms.com", "sso.beta.canvaslms.com", "sso.test.canvaslms.com"})
_EXTENSION: Final = "https://canvas.instructure.com/lti/"
COURSE_NAVIGATION: Final = "course_navigation"
"""The placement in a course's menu, which launches a page without a link of its own."""
PICKER_PLACEMENTS: Final = ("assignment_selection", "link_selection")
"""The placements that open the content picker: a new assignment, and an item of a module."""
PICKER_WIDTH: Final = 800
PICKER_HEIGHT: Final = 720
PRIVACY_LEVEL: Final = "public"
"""By which people come with their names and e-mail addresses."""
TOOL_ID: Final = "tandem"
_SUBMISSION: Final = "https://canvas.instructure.com/lti/submission"
_TOKEN_ADVICE: Final = (
    (
        "invalid_scope",
        r"",
        "Canvas refuses every scope when one of them is off: switch on all LTI Advantage services of this tool’s "
        "developer key",
    ),
    (
        "invalid_request",
        r"\baud",
        "Canvas takes its own token URL alone as audience: compare token_audience in tandem registrations list --json "
        "with the host on which Canvas gives tokens",
    ),
    (
        "invalid_request",
        r"jwk error",
        "Canvas cannot read the tool’s keys: its /.well-known/jwks.json must be reachable from there over HTTPS",
    ),
    (
        "invalid_request",
        r"signature",
        "Canvas has no developer key with this client id, or another public key: set the key’s Public JWK URL to "
        "the tool’s /.well-known/jwks.json",
    ),
    (
        "invalid_request",
        r"\b(iat|exp|expired)\b",
        "the clocks of Canvas and of this machine differ by minutes: set this one",
    ),
)
"""Code, pattern of the description in lower case, and what to do: in the order in which they are tried."""
_SERVICE_ADVICE: Final = {
    401: "in Canvas the developer key is off, the tool is not in this course any more, or this service is not switched "
    "on",
    412: "in Canvas this line item belongs to another tool",
}

_LINE_ITEM: Final = re.compile(r"/api/lti/courses/\d+(?:~\d+)?/line_items/(?:\d+~)?(\d+)$")
_IDS_PER_SHARD: Final = 10**13

_REFUSALS: Final = (
    (b"not a student", ScoreRefusal.NOT_A_LEARNER),
    (b"course has concluded", ScoreRefusal.COURSE_ENDED),
    (b"maximum number of allowed attempts", ScoreRefusal.NO_ATTEMPT_LEFT),
    (b"still unpublished", ScoreRefusal.UNPUBLISHED),
)
"""What Canvas says when it refuses a score."""


class Canvas(Platform):
    """Canvas. Tenants of the hosted one are hosts of instructure.com, and its OIDC endpoints and keys are at sso."""

    family: ClassVar[str | None] = "canvas"
    name: ClassVar[str | None] = "Canvas"
    theme: ClassVar[str] = "canvas"
    organisations_share_registration: ClassVar[bool] = True
    has_course_history: ClassVar[bool] = True
    takes_submission_review: ClassVar[bool] = False
    # lib/lti/substitutions_helper.rb (all_roles): roles in a context are those of current enrolments.
    names_enrolments: ClassVar[bool] = True
    # The context id is the course's lti_context_id; a tool that is installed again has another deployment id.
    has_unique_contexts: ClassVar[bool] = True
    after_registration: ClassVar[tuple[Message, ...]] = (
        Message(
            N_(
                "In “%(developer_keys)s”, set “%(state)s” of the new key to on, and copy the long number under "
                "“%(details)s”: that is the client ID."
            ),
            params=LABELS,
        ),
        Message(
            N_(
                "In the account’s “%(settings)s”, open “%(apps)s”, “%(view_configurations)s”, “%(add_app)s”. Choose "
                "“%(by_client_id)s”, enter the number and press “%(install)s”. If the tool is in that list already, "
                "there is nothing to do."
            ),
            params=LABELS,
        ),
        Message(
            N_(
                "In a course, a teacher adds it as an assignment (“%(assignments)s”, then “%(submission_type)s”: "
                "“%(external_tool)s”, “%(find)s”) or to a module (“%(modules)s”, +, “%(external_tool)s”). The "
                "course’s menu can show it, too: “%(settings)s”, “%(navigation)s”."
            ),
            params=LABELS,
        ),
    )
    publishing_advice: ClassVar[Message | None] = Message(
        N_(
            "Canvas adds it unpublished: learners cannot open it yet. When it is ready, go to “%(assignments)s” or "
            "“%(modules)s” in your course and press “%(publish)s” beside it."
        ),
        params=LABELS,
    )
    unpublished_hint: ClassVar[Message | None] = Message(
        N_(
            "Nobody has joined yet. If learners cannot open this activity, it is not published: go to "
            "“%(assignments)s” or “%(modules)s” in your course and press “%(publish)s” beside it."
        ),
        params=LABELS,
    )
    line_item_advice: ClassVar[Message] = Message(
        N_(
            "Canvas gives grades to assignments alone. Add the activity as one: “%(assignments)s”, then "
            "“%(submission_type)s”: “%(external_tool)s”, “%(find)s”, and choose it there."
        ),
        params=LABELS,
    )
    adding_advice: ClassVar[Message] = Message(
        N_(
            "In this course, add an assignment under “%(assignments)s”. For “%(submission_type)s” choose "
            "“%(external_tool)s”, press “%(find)s”, choose this tool, then the programme."
        ),
        params=LABELS,
    )
    gradebook_closed_advice: ClassVar[Message] = Message(
        N_(
            "Canvas gives this tool no access to the gradebook. An administrator of Canvas can give it in "
            "the settings of the tool; then open the activity once more."
        )
    )
    # A line item for a link that is no assignment is refused (404).
    made_line_items_bound: ClassVar[bool] = False
    hosted: ClassVar[HostedHosts | None] = HostedHosts(
        issuers=frozenset(
            {
                "https://canvas.instructure.com",
                "https://canvas.beta.instructure.com",
                "https://canvas.test.instructure.com",
            }
        ),
        hosts=_SSO,
        domains=("instructure.com",),
        frame_origins=("https://*.instructure.com",),
        key_hosts=_SSO,
        key_domains=("instructure.com",),
        any_registration_endpoint=True,
    )

    def registration_messages(self, tool: ToolDescription) -> list[dict[str, Any]]:
        """A page in the course's navigation, and the content picker for assignments and for modules.

        Each message names its placements: one that names none would be ``link_selection``, and the first message of a
        placement is the only one that counts.
        """
        shown = {"target_link_uri": tool.launch_url, "icon_uri": tool.icon_url, **labels_of(tool)}
        return [
            {
                "type": "LtiResourceLinkRequest",
                "placements": [_EXTENSION + COURSE_NAVIGATION],
                # Otherwise the menu of every course in the account would have it.
                f"{_EXTENSION}course_navigation/default_enabled": False,
                **shown,
            },
            {
                "type": "LtiDeepLinkingRequest",
                "placements": [_EXTENSION + name for name in PICKER_PLACEMENTS],
                f"{_EXTENSION}launch_width": PICKER_WIDTH,
                f"{_EXTENSION}launch_height": PICKER_HEIGHT,
                **shown,
            },
        ]

    def registration_extensions(self) -> dict[str, Any]:
        """Names and e-mail addresses, by the level that says so, and an id by which administrators find the tool."""
        return {f"{_EXTENSION}privacy_level": PRIVACY_LEVEL, f"{_EXTENSION}tool_id": TOOL_ID}

    def configuration(self, tool: ToolDescription) -> dict[str, Any]:
        """The JSON configuration of a developer key, by which administrators install the tool without registration.

        https://developerdocs.instructure.com/services/canvas/external-tools/lti/file.lti_dev_key_config. Without
        ``redirect_uris`` the redirect URI is the target, which is the tool's own.
        """
        shown = {
            "text": tool.title,
            "labels": dict(tool.titles),
            "icon_url": tool.icon_url,
            "target_link_uri": tool.launch_url,
        }
        placements: list[dict[str, Any]] = [
            {
                "placement": COURSE_NAVIGATION,
                "enabled": True,
                "message_type": "LtiResourceLinkRequest",
                "default": "disabled",
                **shown,
            },
            *(
                {
                    "placement": name,
                    "enabled": True,
                    "message_type": "LtiDeepLinkingRequest",
                    "selection_width": PICKER_WIDTH,
                    "selection_height": PICKER_HEIGHT,
                    **shown,
                }
                for name in PICKER_PLACEMENTS
            ),
        ]
        return {
            "title": tool.title,
            "description": tool.description,
            "target_link_uri": tool.launch_url,
            "oidc_initiation_url": tool.login_url,
            "public_jwk_url": tool.key_set_url,
            "scopes": list(tool.scopes),
            "custom_fields": {"context_id_history": "$Context.id.history"},
            "extensions": [
                {
                    "platform": "canvas.instructure.com",
                    "domain": tool.domain,
                    "tool_id": TOOL_ID,
                    "privacy_level": PRIVACY_LEVEL,
                    "settings": {
                        "text": tool.title,
                        "labels": dict(tool.titles),
                        "icon_url": tool.icon_url,
                        "placements": placements,
                    },
                }
            ],
        }

    def assertion_audience(self, token_url: str, authorization_server: str | None) -> str:
        """The token URL: what Canvas calls its authorization server is a bare host, and no audience.

        https://github.com/instructure/canvas-lms/blob/master/lib/canvas/oauth/client_credentials_provider.rb
        """
        if authorization_server is not None and "://" in authorization_server:
            return authorization_server
        return token_url

    def token_advice(self, error: str, description: str) -> str | None:
        """The causes that Canvas has for its two codes, ``invalid_scope`` and ``invalid_request``."""
        said = description.lower()
        return next(
            (advice for code, pattern, advice in _TOKEN_ADVICE if error == code and re.search(pattern, said)),
            None,
        )

    def service_advice(self, status: int) -> str | None:
        """Canvas answers 401 whatever is missing, and 412 for a line item of another tool."""
        return _SERVICE_ADVICE.get(status)

    def is_throttled(self, status: int, body: bytes) -> bool:
        """Canvas says so with 403 (doc/api/throttling.md)."""
        is_refusal = status == HTTPStatus.FORBIDDEN and b"Rate Limit Exceeded" in body
        return is_refusal or super().is_throttled(status, body)

    def is_course_itself(self, context_id: str, resource_link_id: str) -> bool:
        """Where there is no link, as in the course's navigation, its id is the opaque one of the course."""
        return context_id == resource_link_id

    # Scores, from here to the end of the class.
    # https://developerdocs.instructure.com/services/canvas/resources/score

    # A grade would stay (preserve_score), but its result would be emptied: update_or_create_result writes what was
    # posted, whatever became of the submission. So a state is not posted over a grade that the results show. They show
    # a teacher's own only if it was entered after the tool's first score (update_line_item_result in submission.rb).
    keeps_grades_from_states: ClassVar[bool] = False
    results_are_own_word: ClassVar[bool] = True
    has_results_of_every_line_item: ClassVar[bool] = True
    # Launches go on giving the id that they gave before (User#lookup_lti_id), and results give the present one; the
    # filter user_id finds the person by either.
    merges_people: ClassVar[bool] = True
    results_lag: ClassVar[dt.timedelta] = dt.timedelta(0)
    # Canvas keeps a teacher's grade if asked to keep whatever is there (prioritize_non_tool_grade), which keeps an
    # earlier one of the tool, too. Which of the two is there no result says, nor anything else that a tool may read.
    only_final_grades_note: ClassVar[Message | None] = Message(
        N_(
            "Canvas does not show this tool a grade that a teacher entered before the tool’s first one. So that none "
            "is ever replaced, Canvas gets the grade of a completed programme alone, and none on the way."
        )
    )

    def line_item_id(self, path: str) -> str:
        """The id of the line item in the database of its account.

        Seen from an account in another database, the ids of the course and of the line item have that of their own
        database before them: ``line_items/7``, ``line_items/10000000000007``, ``line_items/1~7``
        (https://github.com/instructure/switchman; ``add_line_item_url_to_ags_claim!`` in
        lib/lti/messages/resource_link_request.rb, 00b222d, gives them as they are seen from there).
        """
        named = _LINE_ITEM.search(path)
        return str(int(named[1]) % _IDS_PER_SHARD) if named else path

    # A score may count an attempt and leave the grade (new_submission with preserve_score), and is not posted for that:
    # Assignment#submit_homework marks the grade that is there as one of an earlier attempt, puts the work on the
    # teacher's list of what is to be graded, and clears late_policy_status, which can change the points.
    kept_grade_note: ClassVar[Message | None] = Message(
        N_(
            "A grade that a teacher enters counts as no submission in Canvas: where the module asks that this "
            "assignment be submitted, it stays open for this person. Let the module ask for a least score instead, "
            "which that grade can meet; or empty that grade, and ours is sent with a submission."
        )
    )

    def score_extension(
        self, *, completed: bool, grades: bool, replaces_own: bool = False, completed_before: bool = False
    ) -> dict[str, Any]:
        """The submission extension (``score_submission`` in app/controllers/lti/ims/scores_controller.rb).

        A score without a grade would clear the one that is there, unless ``preserve_score`` says otherwise; with a
        score that has one, it would keep that grade out of the gradebook. A grade of the tool leaves whatever grade is
        there alone by ``prioritize_non_tool_grade``, unless it is to replace an earlier one of the tool's own, which
        that would protect too. There is such a one only where an earlier version of the tool sent a grade on the way:
        now there is none (:attr:`only_final_grades_note`). Canvas counts a score as an attempt unless
        ``new_submission`` is false: so it is until completion, whose attempt meets “must submit”, and again when a
        grade that was lost is sent once more.
        """
        return {
            _SUBMISSION: {
                "new_submission": completed and not completed_before,
                "preserve_score": not grades,
                "prioritize_non_tool_grade": not replaces_own,
            }
        }

    def without_attempt(self, score: Mapping[str, Any]) -> dict[str, Any] | None:
        """Without ``new_submission``: the attempts that were counted meet “must submit” already."""
        extension = score.get(_SUBMISSION)
        if not isinstance(extension, dict) or not extension.get("new_submission"):
            return None
        return {**score, _SUBMISSION: {**extension, "new_submission": False}}

    def is_earlier_timestamp_error(self, body: bytes) -> bool:
        """Canvas has no status of its own for it, only words."""
        return b"before" in body and b"last updated timestamp" in body

    def score_refusal(self, status: int, body: bytes) -> ScoreRefusal:
        """Canvas answers 422 to whatever it does not take, and says why in words."""
        for words, refusal in _REFUSALS:
            if words in body:
                return refusal
        return super().score_refusal(status, body)

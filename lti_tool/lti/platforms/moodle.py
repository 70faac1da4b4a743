"""Moodle: https://docs.moodle.org/en/External_tool."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import ClassVar, Final

from lti_tool.lti.platforms.base import Platform, ScoreRefusal
from lti_tool.lti.platforms.moodle_labels import LABELS
from lti_tool.translation import Message, ProductLabel
from schemas.problem import N_

_LINE_ITEM: Final = re.compile(r"/services\.php/\d+/lineitems/(\d+)/lineitem$")


class Moodle(Platform):
    """A Moodle site; each is run by its own organisation."""

    family: ClassVar[str | None] = "moodle"
    name: ClassVar[str | None] = "Moodle"
    theme: ClassVar[str] = "moodle"
    needs_activation: ClassVar[bool] = True
    labels: ClassVar[Mapping[str, ProductLabel]] = LABELS
    line_item_advice: ClassVar[Message] = Message(
        N_(
            "In the settings of this activity in Moodle, open “%(grade)s” and tick “%(allow_grades)s”, then save and "
            "open the activity once more. Or add it anew with “%(select_content)s”: that ticks the box for you."
        ),
        params={name: LABELS[name] for name in ("grade", "allow_grades", "select_content")},
    )

    # mod/lti/service/gradebookservices (get_launch_parameters): no claim at all where the service is off for the tool.
    gradebook_closed_advice: ClassVar[Message] = Message(
        N_(
            "Moodle gives this tool no access to the gradebook, whatever is ticked in this activity. Ask an "
            "administrator to open the tool’s settings in “%(manage_tools)s”, to set “%(grade_services)s” to "
            "“%(grade_sync_and_columns)s” and to save; then open the activity once more."
        ),
        params={name: LABELS[name] for name in ("manage_tools", "grade_services", "grade_sync_and_columns")},
    )

    made_line_item_note: ClassVar[Message | None] = Message(
        N_(
            "A column that is made so shows the grades in Moodle’s gradebook and completes nothing. For the activity "
            "to be completed, tick “%(allow_grades)s” as said above."
        ),
        params={"allow_grades": LABELS["allow_grades"]},
    )

    # Of a link with more than one line item a launch names none (get_launch_parameters in gradebookservices.php,
    # 0497556), not even the one that completes the activity, once a teacher has ticked the box.
    made_line_items_bound: ClassVar[bool] = False
    made_line_items_were_bound: ClassVar[bool] = True
    # process_put_request in classes/local/resources/lineitem.php (11d7520): whenever its tag changes, the link that is
    # stored with it is the one that was sent, and none where none was.
    unbinds_line_items: ClassVar[bool] = True

    def activity_address(self, issuer: str, resource_link_id: str) -> str | None:
        """By ``l``, the number of the activity, which is the id of its link (locallib.php, lti_build_request).

        https://github.com/moodle/moodle/blob/main/mod/lti/view.php
        """
        is_activity = resource_link_id.isascii() and resource_link_id.isdecimal()
        return f"{issuer.rstrip('/')}/mod/lti/view.php?l={resource_link_id}" if is_activity else None

    # Scores: https://github.com/moodle/moodle/blob/main/mod/lti/service/gradebookservices

    # grade_item::is_overridable_item in lib/grade/grade_item.php: what a tool makes is a manual item, and no such one.
    keeps_teachers_grades: ClassVar[bool] = True
    # grade_grade::is_overridden: what a tool sends is kept beneath the empty grade.
    emptied_advice: ClassVar[Message] = Message(
        N_(
            "Somebody has emptied this grade in Moodle, which then keeps it empty and ours beneath it. To show ours, "
            "edit the grade in the grader report, untick “%(overridden)s” and save."
        ),
        params={"overridden": LABELS["overridden"]},
    )
    results_lag: ClassVar[dt.timedelta] = dt.timedelta(0)
    # With type_id and limit, as soon as there is a grade, classes/local/resources/results.php writes the address of a
    # last page that it never made: a fatal error, which is answered as 404 with a web page. Unpaged it works.
    results_take_limit: ClassVar[bool] = False

    def line_item_id(self, path: str) -> str:
        """The id of the grade item, which is unique in the whole site.

        Before it stands the course, and before that the script, which is not in the same folder in each version:
        ``/mod/lti/services.php/2/lineitems/7/lineitem``, ``/ltix/services.php/2/lineitems/7/lineitem``.
        """
        named = _LINE_ITEM.search(path)
        return named[1] if named else path

    def score_refusal(self, status: int, body: bytes) -> ScoreRefusal:
        """A score of the right shape gets 400 only for somebody without a place in the gradebook."""
        return ScoreRefusal.NOT_A_LEARNER if status == 400 else super().score_refusal(status, body)

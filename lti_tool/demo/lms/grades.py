"""The score and result services, AGS 3.3 and 3.4: https://www.imsglobal.org/spec/lti-ags/v2p0/."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, request

from lti_tool.demo.lms.canvas.line_items import refuse_other_link
from lti_tool.demo.lms.canvas.scores import RefusedAfterSubmission, canvas_result
from lti_tool.demo.lms.canvas.services import read_parameters
from lti_tool.demo.lms.claims import line_item_url
from lti_tool.demo.lms.course import LineItem, find_line_item
from lti_tool.demo.lms.gradebook import (
    count_attempts,
    refuse_if_concluded,
    scores_of,
    stored_grade,
    take_score,
)
from lti_tool.demo.lms.platform import add_query
from lti_tool.demo.lms.refusals import Refusal
from lti_tool.demo.lms.schemas import ScoreSchema
from lti_tool.demo.lms.services import answer, loaded_body, page_limit, page_number, serve
from lti_tool.demo.lms.tools import RESULT_READ, SCORE
from lti_tool.demo.lms.wiring import current_lms

blueprint = Blueprint("grades", __name__)

SCORE_TYPE = "application/vnd.ims.lis.v1.score+json"
RESULTS_TYPE = "application/vnd.ims.lis.v2.resultcontainer+json"


def _results_url(item: LineItem) -> str:
    return line_item_url(current_lms().issuer, item).replace("/lineitem?", "/lineitem/results?")


@blueprint.post("/services/<int:course_id>/lineitems/<int:item_id>/lineitem/scores")
def post_score(course_id: int, item_id: int) -> Response:
    """Take a score under the rules of the LMS that the settings name."""
    tool = serve(SCORE_TYPE, SCORE)
    lms = current_lms()
    is_canvas = lms.settings.grade_rules == "canvas"
    if is_canvas:
        score = read_parameters(request.mimetype, SCORE_TYPE, request.get_data(), tool.client_id)
    else:
        score = loaded_body(ScoreSchema(), SCORE_TYPE, tool)
    summary = json.dumps({key: str(value) for key, value in score.items()}, ensure_ascii=False)
    try:
        with lms.store.transaction() as db:
            if is_canvas:
                # Of these the first that is wrong is answered; then the line item, and what the score says.
                refuse_if_concluded(db, course_id)
            item = find_line_item(db, course_id, item_id, tool)
            if is_canvas:
                refuse_other_link(item, score, tool)
            take_score(db, lms.settings.grade_rules, item, score)
    except Refusal as refusal:
        if isinstance(refusal, RefusedAfterSubmission):
            with lms.store.transaction() as db:
                count_attempts(db, find_line_item(db, course_id, item_id, tool), score, refusal.attempts)
        raise Refusal(
            refusal.status, refusal.reason, refusal.detail, tool.client_id, note=summary
        ) from refusal
    if is_canvas:
        result_url = _results_url(item).replace("/results?", f"/results/{score['userId']}?")
        return answer(tool, {"resultUrl": result_url}, "application/json", reason="score", detail=summary)
    return answer(tool, None, SCORE_TYPE, reason="score", detail=summary)


@blueprint.get("/services/<int:course_id>/lineitems/<int:item_id>/lineitem/results")
def list_results(course_id: int, item_id: int) -> Response:
    """What the gradebook holds for a line item; ``user_id`` filters, ``limit`` and ``from`` page."""
    tool = serve(RESULTS_TYPE, RESULT_READ)
    limit, start = page_limit(tool), page_number(tool)
    with current_lms().store.reading() as db:
        item = find_line_item(db, course_id, item_id, tool)
        if current_lms().settings.grade_rules == "canvas":
            refuse_if_concluded(db, course_id)
        rows = scores_of(db, item.id)
        if current_lms().settings.grade_rules == "moodle" and limit is not None and rows:
            # mod/lti/service/gradebookservices/classes/local/resources/results.php: with type_id the address of the
            # last page is never made, and writing it is a fatal error, which Moodle answers as 404 with a web page.
            current_lms().store.record_call(tool.client_id, "GET", request.path, 404, "fatal_error", "")
            return Response("<!DOCTYPE html><title>Error</title><p>Exception</p>", 404, mimetype="text/html")
    wanted = request.args.get("user_id")
    is_canvas = current_lms().settings.grade_rules == "canvas"
    shown = {
        person: canvas_result(stored_grade(row), item.score_maximum) if is_canvas else stored_grade(row).shown
        for person, row in rows.items()
    }
    # Canvas lists only those for whom the tool has sent a score.
    graded = [
        (person, row)
        for person, row in rows.items()
        # Both list those without a number, too (result_for_json in gradebookservices.php; ResultsController).
        if not (is_canvas and not row["accepted_count"])
    ]
    if wanted is not None:
        graded = [(person, row) for person, row in graded if str(person) == wanted]
    end = len(graded) if limit is None else start + limit
    base = _results_url(item)
    results: list[dict[str, Any]] = []
    for person, row in graded[start:end]:
        result: dict[str, Any] = {
            "id": base.replace("/results?", f"/results/{person}?"),
            "scoreOf": line_item_url(current_lms().issuer, item),
            "userId": str(person),
        }
        if shown[person] is not None:
            result |= {"resultScore": shown[person], "resultMaximum": item.score_maximum}
        if row["comment"]:
            result["comment"] = row["comment"]
        results.append(result)
    next_page = None
    if end < len(graded):
        next_page = add_query(base, {"limit": str(limit), "from": str(end)})
    return answer(tool, results, RESULTS_TYPE, detail=f"{len(results)} results", next_page=next_page)

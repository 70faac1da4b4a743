"""Open edX's own LTI addresses, where its LMS puts them, and the test's endpoints beside them."""

import control
from django.urls import include, path

urlpatterns = [
    path("api/", include("lti_consumer.plugin.urls")),
    path("test/info", control.info),
    path("test/tool", control.tool),
    path("test/people", control.people),
    path("test/launch", control.launch),
    path("test/course", control.course_page),
    path("test/grades", control.grades),
    path("test/requests", control.requests_seen),
    path("test/reset", control.reset),
]

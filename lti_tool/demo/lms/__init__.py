"""The demo's LMS: a small, strict LTI 1.3 Advantage platform that shares nothing with the tool.

It is the demo's second half and a platform to test against. ``create_lms(settings)`` gives the Flask
application; ``server.serve_lms`` serves it, ``server.RunningLms`` serves it beside a test.
"""

from lti_tool.demo.lms.app import create_lms
from lti_tool.demo.lms.settings import LmsSettings

__all__ = ["LmsSettings", "create_lms"]

"""``python -m lti_tool``: the same as ``tandem``, for where the command is not on the path."""

from lti_tool.cli import main

if __name__ == "__main__":
    main()

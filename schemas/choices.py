"""The closed lists of codes that forms, rules and templates share. The tool names them in each language."""

ROLES = ("mentee", "mentor")
MODES = ("all", "any", "at_least")
COUNTED_STATUSES = ("held", "confirmed")
EVIDENCE = ("self", "partner", "tutor", "xapi")
PHASES = ("before", "after", "then", "follow_up")

SESSION_FORMATS = (
    "coaching",
    "professional-training",
    "trade-show",
    "audio",
    "multimodal",
    "in-person",
    "video",
    "chat",
)
"""How a pair met: coaching, training, a trade show, audio, several media; face to face, video, chat."""

FORMAT_CODE_LENGTH = 30
FORMAT_CODE_PATTERN = r"[a-z0-9]+(?:-[a-z0-9]+){0,7}"
"""The shape of a format's code, for the formats that a business adds."""

OBJECTIVE_TAGS = ("skills", "communication", "culture", "person")
OBJECTIVE_MOVES = ("claim", "reach", "withdraw")
ACTOR_ACCOUNTS = ("opaque", "lms")
COPY_ANSWERS = ("same", "new")
"""What a duplicated activity opens: the group of the other one, or one of its own."""
DISPUTE_REASONS = ("did-not-meet", "wrong-date", "wrong-length", "wrong-format", "other")

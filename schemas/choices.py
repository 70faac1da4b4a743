"""The closed lists of codes that forms, rules and templates share. The tool names them in each language."""

ROLES = ("mentee", "mentor")
MODES = ("all", "any", "at_least")
COUNTED_STATUSES = ("held", "confirmed")
EVIDENCE = ("self", "partner", "tutor", "xapi")
DEFAULT_EVIDENCE = ("partner",)
"""What an objective is reached by where nothing else is said: the partner confirms it."""
EVIDENCE_OF_PEOPLE = ("self", "partner", "tutor")
"""What a pair can choose for an objective: somebody's word."""
HIGHEST_LEVEL = 5
"""Of a skill, from 1 (discovers it) to 5 (can teach it)."""
PHASES = ("before", "after", "then", "follow_up")

SESSION_FORMATS = (
    "coaching",
    "professional-training",
    "trade-show",
    "audio",
    "multimodal",
    "other",
)
"""What a meeting was: coaching, training, a trade show, audio, several media, or something else."""

MEETING_MODES = ("in-person", "video", "phone", "writing")
"""How the two of a pair spoke to each other."""

FORMER_FORMATS = {"in-person": "in-person", "video": "video", "chat": "writing"}
"""Formats of the first version that said how the two spoke, with the mode that they are since."""
FORMAT_OF_FORMER_MODES = "coaching"
"""The format of a meeting that had one of them."""

FORMAT_CODE_LENGTH = 30
FORMAT_CODE_PATTERN = r"[a-z0-9]+(?:-[a-z0-9]+){0,7}"
"""The shape of a format's code, for the formats that a business adds."""

OBJECTIVE_TAGS = ("skills", "communication", "culture", "person")
OBJECTIVE_MOVES = ("agree", "decline", "claim", "reach", "not_yet", "read", "withdraw")
FEEDBACK_POINTS = (
    "listening",
    "explanations",
    "examples",
    "questions",
    "preparation",
    "encouragement",
)
"""What one of a pair may tell the other that helped."""
REFLECTION_READERS = ("me", "pair")
"""Who may read a reflection: its author, or the partner too."""
REFLECTION_MOVES = ("share", "remove")
ACTOR_ACCOUNTS = ("opaque", "lms")
COPY_ANSWERS = ("same", "new")
"""What a duplicated activity opens: the group of the other one, or one of its own."""
DISPUTE_REASONS = ("did-not-meet", "wrong-date", "wrong-length", "wrong-mode", "wrong-format", "other")
DECLINE_REASONS = ("not-now", "other-topics", "too-close", "other")
"""Why somebody does not accept a pair: the wrong moment, other topics, too close at work, another reason."""
REFUSAL_REASONS = ("no-time", "later", "not-for-me", "other")
"""Why somebody who was invited does not take part: no time, later perhaps, it is not for them, another reason."""
UNDOABLE_STEPS = ("joined", "accepted", "declined", "confirmed", "disputed", "claimed", "withdrawn")
"""What somebody can take back for ten minutes."""
TAKE_OUT_REASONS = ("left-organisation", "time", "own-wish", "other")
"""Why somebody is taken out of a programme: they have left the company, no time, they asked for it, another reason."""
END_REASONS = ("time", "match", "left-organisation", "completed-early", "other")
"""Why a tutor ends a pair early, as the xAPI profile has it: no time, another partner suits better, one of the two has
left the company, they have done what they wanted, another reason. None of them is anybody's fault."""

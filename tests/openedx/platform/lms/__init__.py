"""The little of an Open edX LMS that its LTI consumer leans on: people, enrolments, external ids, grades."""

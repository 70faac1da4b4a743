"""LTI 1.3 Advantage: registrations, launches, deep linking, grades and rosters."""

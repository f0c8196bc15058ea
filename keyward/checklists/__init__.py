"""Checklists that prove themselves: what can be checked is checked, a person is asked for the rest, and answers end (DESIGN.md section 11)."""

"""Drills: a rehearsal each, with one fault injected and one outcome demanded."""

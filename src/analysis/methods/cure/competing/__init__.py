"""Spells that end in one of several exits: curves, tests, regressions, and the mixture over exits."""

"""What several chapters need: intervals for clustered rates, tests, standardisation."""

"""The delinquency chapter's methods."""

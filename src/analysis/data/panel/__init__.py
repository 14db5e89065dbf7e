"""Aggregates of the account-month panel, one file a question, written once as Ibis expressions."""

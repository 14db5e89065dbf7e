"""Adapters that bring other people's data into the table contract."""

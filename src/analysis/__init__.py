"""Arrears Lab: a reproducible quarterly report on consumer-credit delinquency, cure and recovery."""

__version__ = "0.1.0"

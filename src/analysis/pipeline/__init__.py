"""Runs: chapters executed by papermill, the run record, publishing, restatement, and the command line."""

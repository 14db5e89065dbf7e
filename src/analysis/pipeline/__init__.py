"""Running chapters, recording runs, publishing, and the command line."""

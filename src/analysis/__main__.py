"""`python -m analysis` is the `arrears` command."""

from analysis.pipeline.cli import main

if __name__ == "__main__":
    main()

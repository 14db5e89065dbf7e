"""Typst in a process of its own, so that its time and memory can be bounded.

`python -m analysis.report.render.embedded.typeset SOURCE TARGET STANDARD FONT_FOLDER...`; STANDARD may be empty.
"""

from __future__ import annotations

import sys
from typing import Any

import typst


def main(arguments: list[str]) -> int:
    """Write the PDF; a fault of the source is printed, with exit code 1."""
    source, target, standard, *folders = arguments
    try:
        standards: list[Any] = [standard] if standard else []
        typst.compile(source, output=target, font_paths=folders, pdf_standards=standards, timestamp=0)
    except typst.TypstError as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The embedded renderer: Pandoc writes the site, Typst the PDF; both come from PyPI."""

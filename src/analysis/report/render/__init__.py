"""From executed notebooks to HTML and PDF, with Quarto or without."""

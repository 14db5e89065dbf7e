"""Out: results, headlines, words, figures, tables, and the renderers."""

"""Pictures of figures, as SVG that is read aloud, in print and on screen; each with its numbers as a table."""

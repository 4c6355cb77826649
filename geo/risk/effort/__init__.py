"""Findings per visit instead of findings: what inspectors' choice of places and crews does to the record, taken out."""

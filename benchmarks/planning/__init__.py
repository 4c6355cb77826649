"""Instances of inspection plans, the best plans known for them, and how those were found."""

"""Models that rank the cells of a study from what happened before."""

"""The risk model: components, score, surface, explanation, ranking."""

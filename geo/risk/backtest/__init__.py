"""How well a ranking of cells foretells the next horizon, measured again and again on the past."""

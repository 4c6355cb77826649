"""A truth that old records do not resemble."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def biased() -> pd.DataFrame:
    """Twelve places that differ by 16 to 1; the records are of two middling ones, and there is much at four others."""
    level = np.array([4, 3, 2, 1.5, 1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25])
    visits = np.array([0, 0, 0, 0, 50, 50, 5, 5, 5, 5, 5, 5])
    rate = level / level.mean() * 0.15
    return pd.DataFrame(
        {
            "place": [f"place {i + 1}" for i in range(12)],
            "rate": rate,
            "sites": 60,
            "past_visits": visits,
            "past_findings": np.round(visits * rate),
        }
    )


@pytest.fixture(scope="session")
def alike() -> pd.DataFrame:
    """Six places with one rate, and no records."""
    return pd.DataFrame({"rate": [0.15] * 6}, index=list("abcdef"))

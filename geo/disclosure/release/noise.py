"""Noise on numbers of employers: the same for the same records, wherever and whenever they are counted.

Source: Fraser & Wooton (2005), cell keys of the Australian Bureau of Statistics, with a keyed hash in the place of sums
of record keys
"""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
from numpy.typing import NDArray

__all__ = ["draw_noise"]


def draw_noise(key: bytes, members: NDArray[np.uint64], most: int) -> int:
    """Noise of a set of records.

    Parameters
    ----------
    key : secret
    members : (n,) uint64, the records' or employers' hashes, in any order
    most : int, 0 to 64

    Returns
    -------
    int
        From ``-most`` to ``most``, each side as likely as the other: so many of ``2 * most`` fair bits as are 1, less
        ``most``. Mean 0, variance ``most / 2``.
    """
    digest = hmac.new(key, b"noise:" + np.sort(members).astype("<u8").tobytes(), hashlib.sha256).digest()
    bits = int.from_bytes(digest, "big") & ((1 << (2 * most)) - 1)
    return bits.bit_count() - most

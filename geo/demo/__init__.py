"""The demo region: a credible, wholly synthetic Region Nord around the real localities.

`make_demo` gives the layers, the planted truth (apart from them) and a manifest. Nothing here knows the risk model:
this package never imports `geo.risk`, and no weight of the model decides where truth is planted.
"""

from __future__ import annotations

from geo.demo.generator import DEFAULT_SEED, GENERATOR_VERSION, Demo, digest_frame, make_demo

__all__ = ["DEFAULT_SEED", "GENERATOR_VERSION", "Demo", "digest_frame", "make_demo"]

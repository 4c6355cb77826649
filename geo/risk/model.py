"""The frozen part of a score: weights, reference levels, bandwidths, named by a version.

Two surfaces compare only because these do not move with the data. They are read from ``model_components`` and
``model_parameters``; an analyst may hand in other weights, never silently: they stand in the manifest.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.layers.sectors import SECTOR_SHARE
from geo.layers.visits import AGENCY_EFFECT
from geo.reference import model_components, model_parameters, model_version, sector_shares

__all__ = ["ComponentModel", "Model", "load_model", "saturate", "unsaturate"]

Value = TypeVar("Value", float, NDArray[np.float64])

# Far beyond any use; sums of weights stay finite below it.
_MAX_WEIGHT = 1e9
_MAX_SHOWN = 40


@dataclass(frozen=True)
class ComponentModel:
    """How one component enters the score.

    Attributes
    ----------
    name, title, unit : str
    weight : float, >= 0
    reference_level : float, > 0, component unit; the value at which half the component's points are reached
    """

    name: str
    title: str
    unit: str
    weight: float
    reference_level: float


@dataclass(frozen=True)
class Model:
    """A frozen model version.

    Attributes
    ----------
    version : str
    components : in the order in which they are shown
    parameters : bandwidths, half-life, distances, prior, sector shares (``sector_share_…``) and effects of agencies
        (``agency_effect_…``) by name
    origin : what the frozen numbers were fitted on, JSON-able; empty for the version of the reference tables, which say
        it row by row
    """

    version: str
    components: tuple[ComponentModel, ...]
    parameters: Mapping[str, float]
    origin: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), compare=False)

    def __reduce__(self) -> tuple[Any, ...]:
        # read-only mappings cannot travel to another process, what they hold can
        return Model.from_dict, (self.to_dict(),)

    @property
    def weights(self) -> dict[str, float]:
        """Weight by component."""
        return {component.name: component.weight for component in self.components}

    @cached_property
    def max_points(self) -> dict[str, float]:
        """Points that a component can reach at most: its share of 100."""
        total = math.fsum(self.weights.values())
        return {name: 100.0 * weight / total for name, weight in self.weights.items()}

    @property
    def reference_levels(self) -> dict[str, float]:
        """Reference level by component."""
        return {component.name: component.reference_level for component in self.components}

    @cached_property
    def digest(self) -> str:
        """Hash of every number: two models with one digest give the same scores."""
        numbers = {name: value for name, value in self.to_dict().items() if name not in {"version", "origin"}}
        return hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()

    @property
    def is_learned(self) -> bool:
        """Whether its weights were learned from visits (`geo.learn_weights`) and are not the experts'."""
        return "learned" in self.origin

    @property
    def weights_from(self) -> str:
        """Where weights that are not the experts' come from, in words; empty for the experts'."""
        if not self.is_learned:
            return ""
        learned = self.origin["learned"]
        return (
            f"Weights are learned from {learned['n_visits']:,} visits up to {learned['at']}; they are not the experts'."
        )

    @property
    def is_complete(self) -> bool:
        """Whether it has every component and parameter that this version of the program scores with."""
        own = load_model()
        # an agency whose effect could not be estimated has none
        needed = {name for name in own.parameters if not name.startswith(AGENCY_EFFECT)}
        return tuple(self.weights) == tuple(own.weights) and self.parameters.keys() >= needed

    def differences(self, other: Model) -> dict[str, tuple[float | None, float | None]]:
        """Numbers in which two models differ, by name (``weight of findings``); None where one has no such number."""
        ours, theirs = self._numbers(), other._numbers()
        names = dict.fromkeys([*ours, *theirs])
        return {name: (ours.get(name), theirs.get(name)) for name in names if ours.get(name) != theirs.get(name)}

    def _numbers(self) -> dict[str, float]:
        return {
            **{f"weight of {name}": weight for name, weight in self.weights.items()},
            **{f"reference level of {name}": level for name, level in self.reference_levels.items()},
            **self.parameters,
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; `from_dict` gives the model back."""
        return {
            "version": self.version,
            "weights": self.weights,
            "reference_levels": self.reference_levels,
            "parameters": dict(self.parameters),
            "origin": dict(self.origin),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Model:
        """A model as it was, whatever the reference tables say today; titles and units are theirs.

        Raises
        ------
        KeyError, TypeError, ValueError
            Something is missing, or this version of the program has no such component.
        """
        known = {component.name: component for component in load_model().components}
        components = tuple(
            replace(known[name], weight=float(weight), reference_level=float(values["reference_levels"][name]))
            for name, weight in values["weights"].items()
        )
        parameters = {name: float(value) for name, value in values["parameters"].items()}
        return cls(
            str(values["version"]),
            components,
            MappingProxyType(parameters),
            MappingProxyType(dict(values.get("origin", {}))),
        )

    def with_weights(self, weights: Mapping[str, float] | None) -> Model:
        """The same model with some weights replaced.

        Raises
        ------
        ParameterError
            Unknown components, weights that are negative or not finite, or nothing left to weigh; all in one message.
        """
        if weights is not None and not isinstance(weights, Mapping):
            message = f"weights must map component names to numbers, got {weights!r}."
            raise ParameterError(message)
        if not weights:
            return self
        failures = []
        for name, weight in weights.items():
            if name not in self.weights:
                failures.append(f"there is no component {name!r} (there are {', '.join(self.weights)})")
            elif not _is_weight(weight):
                failures.append(f"the weight of {name} must be a finite number from 0 to 1e9, got {_shown(weight)}")
        if not failures:
            merged = {**self.weights, **{name: float(weight) for name, weight in weights.items()}}
            if math.fsum(merged.values()) > 0:
                components = tuple(replace(c, weight=merged[c.name]) for c in self.components)
                return replace(self, components=components)
            failures.append("at least one weight must be above 0")
        message = "Weights cannot be used: " + "; ".join(failures) + "."
        raise ParameterError(message)


def saturate(value: Value, reference_level: float) -> Value:
    """``x / (x + m)``: 0 at 0, one half at the reference level, never above 1."""
    return value / (value + reference_level)


def unsaturate(points: NDArray[np.floating], max_points: float, reference_level: float) -> NDArray[np.float64]:
    """The value that ``max_points · saturate(value)`` came from; NaN where nothing can be reached.

    Points are kept as float32: near the most that a component can reach, the value is only roughly known.
    """
    share = np.asarray(points, dtype=np.float64) / max_points if max_points > 0 else np.full(np.shape(points), np.nan)
    values: NDArray[np.float64] = reference_level * share / np.maximum(1.0 - share, np.finfo(np.float32).eps)
    return values


def _is_weight(weight: object) -> bool:
    # compared before it is a float: a whole number may be too long for one, and NaN is in no range
    return (
        isinstance(weight, (int, float, np.integer, np.floating))
        and not isinstance(weight, bool)
        and bool(weight <= _MAX_WEIGHT and not weight < 0)
    )


def _shown(weight: object) -> str:
    text = repr(weight)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


@lru_cache(maxsize=1)
def load_model() -> Model:
    """The model version that the reference tables hold."""
    components = tuple(
        ComponentModel(row.component, row.title, row.unit, row.weight, row.reference_level)
        for row in model_components()
    )
    shares = {f"{SECTOR_SHARE}{sector}": share for sector, share in sector_shares().items()}
    return Model(model_version(), components, MappingProxyType({**model_parameters(), **shares}))

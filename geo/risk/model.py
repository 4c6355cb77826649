"""The frozen part of a score: weights, reference levels, bandwidths, named by a version.

Two surfaces compare only because these do not move with the data. They are read from ``model_components`` and
``model_parameters``; an analyst may hand in other weights, never silently: they stand in the manifest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from geo.errors import ParameterError
from geo.reference import model_components, model_parameters, model_version

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
    parameters : bandwidths, half-life, distances by name
    """

    version: str
    components: tuple[ComponentModel, ...]
    parameters: Mapping[str, float]

    @property
    def weights(self) -> dict[str, float]:
        """Weight by component."""
        return {component.name: component.weight for component in self.components}

    @cached_property
    def max_points(self) -> dict[str, float]:
        """Points that a component can reach at most: its share of 100."""
        total = math.fsum(self.weights.values())
        return {name: 100.0 * weight / total for name, weight in self.weights.items()}

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
    return Model(model_version(), components, MappingProxyType(dict(model_parameters())))

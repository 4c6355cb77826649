"""The models that have a name, and what else may stand in for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geo.errors import ParameterError
from geo.risk.backtest.models.base import PredictingModel, RankingModel
from geo.risk.backtest.models.norrsyn import rank_by_learning
from geo.risk.backtest.models.simple import rank_by_count, rank_by_fading_kernel, rank_by_kernel
from geo.risk.backtest.past import Past

__all__ = ["MODELS", "predict", "read_models"]

MODELS: Mapping[str, RankingModel] = MappingProxyType(
    {
        "count": rank_by_count,
        "kde": rank_by_kernel,
        "kde_decay": rank_by_fading_kernel,
        "norrsyn": rank_by_learning,
    }
)


def read_models(models: Any) -> tuple[dict[str, Callable[[Past], ArrayLike]], list[str]]:
    """Models by name, in the order given, and what is wrong with the choice.

    Parameters
    ----------
    models : None, name, model, sequence of either, or mapping of name to either
        None: all that have a name. A model is a function of a `Past`, or an object whose `predict` is one.

    Returns
    -------
    models : dict
    failures : list of str
    """
    failures: list[str] = []
    found: dict[str, Callable[[Past], ArrayLike]] = {}
    for name, model in _pair_up(models):
        if isinstance(model, str):
            if model not in MODELS:
                failures.append(f"models: there is no {model!r}, only {', '.join(MODELS)}, or a function of yours")
                continue
            function: Callable[[Past], ArrayLike] = MODELS[model]
        elif isinstance(model, PredictingModel) and not isinstance(model, type):
            function = model.predict
        elif callable(model) and not isinstance(model, type):
            function = model
        else:
            failures.append(f"models: {model!r} is no name, no function and has no predict")
            continue
        if name in found:
            failures.append(f"models: two are called {name!r}; name them: models={{'one': …, 'other': …}}")
        found[name] = function
    if not found and not failures:
        failures.append(f"models: none is given; choose of {', '.join(MODELS)}, or leave it out for all of them")
    return found, failures


def _pair_up(models: Any) -> list[tuple[str, Any]]:
    if models is None:
        return [(name, name) for name in MODELS]
    if isinstance(models, Mapping):
        return [(str(name), model) for name, model in models.items()]
    is_several = isinstance(models, Sequence) and not isinstance(models, str)
    return [(_name(model), model) for model in (models if is_several else [models])]


def _name(model: Any) -> str:
    if isinstance(model, str):
        return model
    for attribute in ("name", "__name__"):
        name = getattr(model, attribute, None)
        if isinstance(name, str):
            return name
    return type(model).__name__


def predict(name: str, model: Callable[[Past], ArrayLike], past: Past) -> NDArray[np.float64]:
    """Scores of a model, checked.

    Raises
    ------
    ParameterError
        They are not one finite number per cell.
    """
    try:
        given = model(past)
    except Exception as error:
        error.add_note(f"in the model {name!r}, at the cutoff {past.cutoff}")
        raise
    try:
        # complex numbers have no order
        scores = np.empty(0) if np.iscomplexobj(given) else np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        scores = np.empty(0)
    n = len(past.cells)
    if scores.shape != (n,) or not np.isfinite(scores).all():
        what = (
            f"{np.count_nonzero(~np.isfinite(scores))} that are not finite"
            if scores.shape == (n,)
            else f"{type(given).__name__} of shape {np.shape(scores)}"
        )
        message = (
            f"The model {name!r} must give one finite number for each of the {n} cells of past.cells, higher is "
            f"sooner; at the cutoff {past.cutoff} it gave {what}."
        )
        raise ParameterError(message)
    return scores

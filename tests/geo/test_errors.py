"""One tree of errors: callers catch a branch, and bad input is also Python's own kind of bad value."""

import inspect
import pickle

import pytest

from geo import errors

CLASSES = [getattr(errors, name) for name in errors.__all__]


def test_everything_is_listed() -> None:
    defined = {name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, Exception)}

    assert defined == set(errors.__all__)


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_is_ours_and_says_what_it_is_for(kind: type[Exception]) -> None:
    assert issubclass(kind, errors.NorrsynError)
    assert (kind.__doc__ or "").strip()


@pytest.mark.parametrize(
    "name", ["CRSError", "SchemaError", "GeometryError", "ShapeError", "ParameterError", "InputError"]
)
def test_bad_input_is_a_value_error(name: str) -> None:
    kind = getattr(errors, name)

    assert issubclass(kind, errors.InputError)
    assert issubclass(kind, ValueError)


@pytest.mark.parametrize("name", ["NotFoundError", "ConfigError", "StoreError"])
def test_what_is_not_bad_input_is_no_value_error(name: str) -> None:
    assert not issubclass(getattr(errors, name), ValueError)


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    drawn = {word for word in (errors.__doc__ or "").replace("(", " ").split() if word.endswith("Error")}

    assert drawn == set(errors.__all__)


def test_a_schema_error_keeps_its_failures() -> None:
    error = errors.SchemaError("two things", ("one", "other"))

    assert str(error) == "two things"
    assert error.failures == ("one", "other")
    assert errors.SchemaError("nothing listed").failures == ()


@pytest.mark.parametrize("kind", CLASSES)
def test_errors_cross_process_borders(kind: type[Exception]) -> None:
    copy = pickle.loads(pickle.dumps(kind("what happened")))  # noqa: S301  our own bytes

    assert type(copy) is kind
    assert str(copy) == "what happened"

"""``import geo``: every public name, and no more imported than is used."""

import subprocess
import sys

import pytest

import geo


@pytest.mark.parametrize("name", geo.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(geo, name) is not None
    assert name in dir(geo)


def test_another_name_is_not() -> None:
    with pytest.raises(AttributeError, match="no attribute 'scores'"):
        _ = geo.scores


@pytest.mark.parametrize("module", ["geo.risk", "geo.store", "geo.scale", "rasterio", "sqlalchemy", "sklearn", "esda"])
def test_what_is_not_used_is_not_imported(module: str) -> None:
    code = f"import sys, geo; print({module!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout.strip() == "False"

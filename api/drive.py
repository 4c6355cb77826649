"""Where drive times come from here: an OSRM server, the imported roads, or an estimate; the first that answers."""

from __future__ import annotations

from api.settings import Settings
from geo.layers import roads
from geo.layers.bundle import Layers
from geo.planning.drive import DriveProvider, EstimatedDrive, FirstThatAnswers, OsrmDrive, RoadDrive

__all__ = ["choose_drive"]


def choose_drive(settings: Settings, layers: Layers) -> DriveProvider:
    """The sources of drive times that there are, best first.

    Parameters
    ----------
    settings : Settings, with the address of an OSRM server where there is one
    layers : Layers, what whoever asks may see
    """
    providers: list[DriveProvider] = []
    if settings.osrm_url is not None:
        providers.append(OsrmDrive(settings.osrm_url))
    lines = layers[roads.LAYER.name]
    if len(lines):
        # a network of all roads takes seconds to build, and is the same for as long as the layer is
        providers.append(layers.recall("road network", lambda: RoadDrive.from_layer(lines)))
    return FirstThatAnswers((*providers, EstimatedDrive.from_reference()))

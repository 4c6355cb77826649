"""The data folder: layers with their provenance, scored surfaces, and the demo region's planted truth.

::

    norrsyn-data/
    ├── layers/
    │   ├── current.json                     which file each layer is in, and where its rows come from
    │   └── workplaces-02866d30abcd.parquet  GeoParquet, named by content
    ├── surfaces/
    │   ├── current                          id of the published surface
    │   └── 0a1b2c3d4e5f6071/                manifest.json and one .npy file per raster
    └── demo-truth/                          never read for scoring

Writers take turns; readers never wait, and see one state or the next, never a mix (docs/adr/0005-file-store.md).
"""

from __future__ import annotations

from geo.layers.bundle import content_hash
from geo.store.home import default_home, find_home, lock_home, open_home
from geo.store.layers import StoredLayers, load_layers, remove_layer, save_layer, save_layers
from geo.store.provenance import Provenance
from geo.store.surfaces import StoredSurface, find_current, list_surfaces, load_surface, publish, save_surface
from geo.store.truth import load_demo_truth, save_demo_truth

__all__ = [
    "Provenance",
    "StoredLayers",
    "StoredSurface",
    "content_hash",
    "default_home",
    "find_current",
    "find_home",
    "list_surfaces",
    "load_demo_truth",
    "load_layers",
    "load_surface",
    "lock_home",
    "open_home",
    "publish",
    "remove_layer",
    "save_demo_truth",
    "save_layer",
    "save_layers",
    "save_surface",
]

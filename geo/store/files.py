"""The store: layers with their history, scored surfaces, and the demo region's planted truth.

::

    norrsyn-data/
    ├── norrsyn.sqlite                       layers, imports, quarantine, manifests, pointers (or PostgreSQL instead)
    ├── surfaces/
    │   └── 0a1b2c3d4e5f6071/                one .npy file per raster
    └── demo-truth/                          never read for scoring

Writers take turns; readers never wait, and see one state or the next, never a mix (docs/adr/0008-database-store.md).
"""

from __future__ import annotations

from geo.layers.hashes import content_hash
from geo.store.address import describe_database
from geo.store.backup import Backup, backup, restore
from geo.store.checking import Checked, check
from geo.store.database import close_databases, upgrade_store
from geo.store.decisions import Decision, decide_duplicate, list_decisions, list_duplicates
from geo.store.history import (
    Changed,
    Difference,
    Snapshot,
    StoredImport,
    diff,
    list_imports,
    list_snapshots,
    load_snapshot,
    rollback,
)
from geo.store.home import default_home, find_home, lock_home, open_home
from geo.store.importing import Imported, import_frames
from geo.store.layers import StoredLayers, load_layers, remove_layer, save_layer, save_layers
from geo.store.ledger import load_quarantine
from geo.store.models import StoredModel, find_model, list_models, save_model
from geo.store.provenance import Provenance
from geo.store.retention import Erasure, erase_expired, list_erasures
from geo.store.stamp import Stamp, read_stamp
from geo.store.surfaces import StoredSurface, find_current, list_surfaces, load_surface, publish, save_surface
from geo.store.truth import load_demo_truth, save_demo_truth

__all__ = [
    "Backup",
    "Changed",
    "Checked",
    "Decision",
    "Difference",
    "Erasure",
    "Imported",
    "Provenance",
    "Snapshot",
    "Stamp",
    "StoredImport",
    "StoredLayers",
    "StoredModel",
    "StoredSurface",
    "backup",
    "check",
    "close_databases",
    "content_hash",
    "decide_duplicate",
    "default_home",
    "describe_database",
    "diff",
    "erase_expired",
    "find_current",
    "find_home",
    "find_model",
    "import_frames",
    "list_decisions",
    "list_duplicates",
    "list_erasures",
    "list_imports",
    "list_models",
    "list_snapshots",
    "list_surfaces",
    "load_demo_truth",
    "load_layers",
    "load_quarantine",
    "load_snapshot",
    "load_surface",
    "lock_home",
    "open_home",
    "publish",
    "read_stamp",
    "remove_layer",
    "restore",
    "rollback",
    "save_demo_truth",
    "save_layer",
    "save_layers",
    "save_model",
    "save_surface",
    "upgrade_store",
]

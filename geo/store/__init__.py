"""The data folder; what it offers is listed in `geo.store.files`."""

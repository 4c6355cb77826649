"""The store; what it offers is listed in `geo.store.files`."""

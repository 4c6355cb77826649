"""Past one machine: the very same tiles, a window at a time, on Dask."""

"""The layers: what a record holds, how a frame is checked, how it becomes arrays."""

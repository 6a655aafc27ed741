"""The platforms, in pure Python: nothing here imports Django."""

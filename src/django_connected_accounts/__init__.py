"""Connect business social accounts, keep their tokens, publish to them."""

__version__ = "0.1.0"

"""Planted faults: each breaks one thing in `core` or `reconcile`, and the tests must notice."""

"""``echelon lint FILE…``: are these manifests right? Without a cluster, or with ``--server``."""

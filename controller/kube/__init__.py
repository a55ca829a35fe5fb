"""I/O against the Kubernetes API that knows nothing of Jobs.

Everything here speaks in resources, names and plain dicts. Nothing decides, and nothing imports
another package of this project.
"""

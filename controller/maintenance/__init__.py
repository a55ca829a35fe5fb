"""Serves the kind Maintenance: observes nodes and their pods, asks `core.maintenance`, applies.

It has a Lease of its own, so that another process than the one that serves Jobs may do it.
"""

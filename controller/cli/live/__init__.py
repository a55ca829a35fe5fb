"""The live picture of an Update.

``watching.watched(session, name)`` is what commands call: it shows the Update until it has
ended and returns the exit code. ``gather`` reads, ``frame`` draws a ``snapshot``, ``lines`` is the
form for logs.
"""

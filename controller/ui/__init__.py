"""The web page: Jobs and Updates as they are now, and the verbs to steer them.

One process, one set of watches for all viewers. A `Page` says what it shows; `render` makes HTML of
it, once for all who may see the same; `live` sends them the parts that change. Who may see what is
asked of `access` alone.
"""

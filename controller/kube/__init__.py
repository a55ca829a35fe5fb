"""I/O with the Kubernetes API. This package knows nothing about Jobs and Updates.

Its interfaces use resources, names and plain dicts. It makes no decisions and imports no other
package of this project.
"""

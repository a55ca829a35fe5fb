"""``make ui``: the web page on a local control plane, with Jobs in every state."""

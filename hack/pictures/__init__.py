"""``make pictures``: the pictures of the documents, taken of the real page and command line."""

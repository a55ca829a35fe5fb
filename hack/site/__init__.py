"""Builds the documents as a site (`zensical.toml`), and checks what was built."""

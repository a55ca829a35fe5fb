"""`make demo`: an update that passes and one that undoes itself, on a real control plane."""

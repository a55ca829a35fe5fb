"""`make demo`: an update that succeeds and two that roll back, on a real control plane."""

"""Programs that disturb the operator in every way they know, and check that its promises hold."""

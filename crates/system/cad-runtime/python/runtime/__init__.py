"""Private side of the CAD runtime: the warm parent process and what its forked children do."""

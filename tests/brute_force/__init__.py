"""The brute-force judge: a mutant is written to a copy of the project, and the whole suite runs."""

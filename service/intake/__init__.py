"""What people send, read strictly into columns: every defect at once, by pointer and code."""

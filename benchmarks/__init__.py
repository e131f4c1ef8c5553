"""Measurements side by side with what a user would pick instead: started by hand, never timed in a test."""

"""The front page, signing in and out."""

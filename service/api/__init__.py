"""The REST API: plain Flask views that parse, hand over and return."""

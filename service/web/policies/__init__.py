"""What the law says, as the service knows it: versions, measures, readings, changes."""

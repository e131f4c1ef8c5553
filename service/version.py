"""The engine's version: every result carries it."""

ENGINE = "1.0.0"

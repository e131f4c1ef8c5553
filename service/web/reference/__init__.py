"""The REST API for people to read: every operation of the OpenAPI document, in Chinese or English."""

"""What the service is measured against: a Flask endpoint that parses JSON, knows nothing, and returns JSON."""

from __future__ import annotations

from flask import Flask, Response, jsonify, request


def create_app() -> Flask:
    """Build the smallest Flask application that answers the same request with JSON."""
    app = Flask(__name__)

    @app.post("/v1/calculations/loan_interest")
    def give_back() -> Response:
        return jsonify(request.get_json())

    return app

"""Shanxi's professional-town subsidies: calculated, explained, and served."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from service.config import Config
    from service.policies import Policies


def create_app(config: Config | None = None, policies: Policies | None = None) -> Flask:
    """Wire the service: the only place that knows every part.

    Loads the policies once; PolicyFileError if they cannot be used, WrongSetting for a wrong one.
    """
    from flask import Flask

    from service import web
    from service.api import (
        audits,
        batches,
        calculations,
        catalogue,
        door,
        exports,
        grants,
        health,
        openapi,
        paths,
        problems,
        responses,
    )
    from service.api.access import Access
    from service.config import Config
    from service.policies import load

    config = config or Config.from_environment()
    policies = policies or load(config.policies)
    app = Flask(__name__, static_folder=None, template_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = config.max_body_bytes
    app.url_map.strict_slashes = False
    app.url_map.converters["default"] = paths.Name
    app.register_blueprint(calculations.blueprint(policies))
    app.register_blueprint(catalogue.blueprint(policies))
    access = app.extensions["ledger"] = Access(config.database_url)
    app.register_blueprint(grants.blueprint(policies, access))
    app.register_blueprint(batches.blueprint(policies, access, config.max_file_bytes))
    app.register_blueprint(audits.blueprint(policies, access, config.max_file_bytes))
    app.register_blueprint(exports.blueprint(policies, access))
    document = openapi.document(policies)
    app.register_blueprint(openapi.blueprint(document))
    app.register_blueprint(health.blueprint(policies))
    web.register(app, policies, access, config, document)
    problems.register(app)
    secured = responses.secured(app.wsgi_app)
    app.wsgi_app = door.express(secured, policies, config.max_body_bytes)  # type: ignore[method-assign, assignment]
    return app

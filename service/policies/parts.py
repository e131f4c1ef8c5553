"""What all mappings of a policy file have in common."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import RAISE, Schema, fields

from service.policies.values import Complaint, Given, Text


class Part(Schema):
    """A mapping with known keys only."""

    class Meta:
        """Nothing is skipped."""

        unknown = RAISE

    #: Rules between keys that an editor can check too.
    editor: ClassVar[dict[str, Any]] = {}

    def __init__(self, **kwargs: Given) -> None:
        super().__init__(**kwargs)
        known = ", ".join(str(one.data_key or name) for name, one in self.fields.items())
        # marshmallow hands this message on as it is: here it carries its cure.
        self.error_messages["unknown"] = Complaint("is no known key", f"known keys are {known}")  # type: ignore[assignment]


class Words(Part):
    """A text in both languages."""

    zh = Text(required=True)
    en = Text(required=True)


def words(**kwargs: Given) -> fields.Nested:
    """Make a field that holds a text in both languages."""
    return fields.Nested(Words, required=kwargs.pop("required", True), **kwargs)

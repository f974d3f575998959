"""Build hook: add the files that live outside the package to the wheel."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ShippedFilesHook(BuildHookInterface):  # type: ignore[type-arg]
    """Add the files of the `shipped` table in pyproject.toml, except to editable installs.

    An editable install uses the files in the checkout. `force-include` would copy all of them into it, too.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            build_data["force_include"].update(self.config["shipped"])

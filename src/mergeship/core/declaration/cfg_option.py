"""A version in setup.cfg."""

import re
from configparser import Error, RawConfigParser

from mergeship.core.declaration.place import NotWrittenError, Parsed, PlainFormat
from mergeship.core.toml import BOM


def parsed(text: str) -> dict[str, dict[str, str]]:
    """The options of every section, read as setuptools reads them. Raises NotWrittenError."""
    parser = RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    try:
        parser.read_string(text.removeprefix(BOM))
        return {section: dict(parser.items(section)) for section in parser.sections()}
    except (Error, AttributeError) as error:  # an option without a value, continued, is an AttributeError
        raise NotWrittenError(getattr(error, "lineno", 0) or 0, " ".join(str(error).split())) from error


class CfgOption(PlainFormat):
    """The text of an option."""

    def __init__(self, section: str, option: str) -> None:
        self.section = section
        self.option = option

    def read(self, text: str) -> Parsed:
        """The version, and all other options. Raises NotWrittenError."""
        options = parsed(text)
        version = options.get(self.section, {}).pop(self.option, "").strip()
        if not version:
            raise NotWrittenError(0, f"there is no {self.option} in [{self.section}]")
        return Parsed(version, [match.span() for match in re.finditer(re.escape(version), text)], options)

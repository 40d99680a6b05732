"""Check the settings: `make deploy` does so with those of a release before it starts anything."""

import sys

from app.settings import SettingsError, get_settings

try:
    get_settings()
except SettingsError as error:
    sys.exit(f"Error: {error}")

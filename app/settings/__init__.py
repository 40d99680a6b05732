"""The settings of every process, in one typed object; ``app.settings.model`` declares them."""

from app.settings.model import CHECKOUT, SECRETS, ReleaseSettings, Settings, get_settings, load_settings
from app.settings.problems import Problem, SettingsError

__all__ = ["CHECKOUT", "SECRETS", "Problem", "ReleaseSettings", "Settings", "SettingsError", "get_settings", "load_settings"]

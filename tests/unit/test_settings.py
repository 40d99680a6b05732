"""Settings: where values come from, what is refused, and how it is said."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.settings import CHECKOUT, SECRETS, Settings, SettingsError, load_settings
from app.settings.problems import DEVELOPMENT_PASSWORDS, nearest_name

OURS = {name.upper() for name in Settings.model_fields} | {f"{name.upper()}_FILE" for name in SECRETS}
SAFE = "postgresql://dq:0c7f3b1e9a@db/draft_queen"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OURS:
        monkeypatch.delenv(name, raising=False)


def problems(env_file: Path | None = None) -> dict[str, str]:
    """What load_settings complains about, by name."""
    with pytest.raises(SettingsError) as caught:
        load_settings(env_file)
    return {problem.name: str(problem) for problem in caught.value.problems}


def test_defaults_are_for_development_on_this_machine_only() -> None:
    found = load_settings(None)
    assert (found.environment, found.host, found.port) == ("development", "127.0.0.1", 8000)
    assert found.database_url is None
    assert found.hot_reload
    assert not found.log_as_json
    assert found.data_dir == CHECKOUT / ".data"
    assert found.exports == CHECKOUT / ".data" / "exports"
    assert found.embedded_dir == CHECKOUT / ".data" / "postgres"


def test_production_logs_json_and_does_not_reload(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "Production")
    monkeypatch.setenv("DATABASE_URL", SAFE)
    found = load_settings(None)
    assert found.is_production
    assert found.log_as_json
    assert not found.hot_reload


def test_everything_wrong_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("PORT", "eighty")
    monkeypatch.setenv("LOG_LEVEL", "loud")
    monkeypatch.setenv("REDIS_URL", "localhost")
    monkeypatch.setenv("CACHE_SIZE_MB", "0")
    found = problems()
    assert set(found) == {"PORT", "LOG_LEVEL", "REDIS_URL", "CACHE_SIZE_MB", "DATABASE_URL"}
    assert all(": " in text for text in found.values()), "every problem carries its cure"


def test_a_secret_is_never_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "mysql://dq:hunter2@db/draft_queen")
    assert "hunter2" not in problems()["DATABASE_URL"]
    monkeypatch.setenv("DATABASE_URL", SAFE)
    assert "0c7f3b1e9a" not in repr(load_settings(None))


@pytest.mark.parametrize("password", sorted(DEVELOPMENT_PASSWORDS))
def test_production_refuses_development_passwords(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("DATABASE_URL", f"postgresql://dq:{password}@db/draft_queen")
    assert "no password, or one that is used in examples" in problems()["DATABASE_URL"]
    monkeypatch.setenv("ENVIRONMENT", "development")
    assert load_settings(None).database_url


def test_production_refuses_reload(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("DATABASE_URL", SAFE)
    monkeypatch.setenv("RELOAD", "1")
    assert set(problems()) == {"RELOAD"}


def test_a_unix_socket_needs_no_password_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("DATABASE_URL", "postgresql://dq@/draft_queen?host=/run/postgresql")
    assert load_settings(None).database_url == "postgresql://dq@/draft_queen?host=/run/postgresql"


@pytest.mark.parametrize(
    "url",
    [
        "redis://cache:6379/0",
        "rediss://cache:6379/0",
        "redis://user@cache:6379/0",
        *(f"redis://:{password}@cache:6379/0" for password in sorted(DEVELOPMENT_PASSWORDS)),
        "redis://user:ChangeMe@cache/0",
        "redis://cache/0?password=secret",
    ],
)
def test_production_refuses_an_unguarded_redis(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("DATABASE_URL", SAFE)
    monkeypatch.setenv("REDIS_URL", url)
    assert "no password, or one that is used in examples" in problems()["REDIS_URL"]
    monkeypatch.setenv("ENVIRONMENT", "development")
    assert load_settings(None).redis_url == url


@pytest.mark.parametrize(
    "url",
    [
        "redis://:0c7f3b1e9a@cache:6379/0",
        "rediss://user:0c7f3b1e9a@cache/0",
        "redis://cache/0?password=0c7f3b1e9a",
        "unix:///run/redis.sock",
    ],
)
def test_production_takes_a_guarded_redis_or_a_socket(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    monkeypatch.setenv("DATABASE_URL", SAFE)
    monkeypatch.setenv("REDIS_URL", url)
    assert load_settings(None).redis_url == url


def test_empty_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("DATABASE_URL", "")
    assert load_settings(None).port == 8000
    assert load_settings(None).database_url is None


@pytest.mark.parametrize("spelling", ["postgres://a@h/x", "postgresql+asyncpg://a@h/x", "POSTGRESQL://a@h/x"])
def test_every_spelling_of_the_scheme_becomes_one(monkeypatch: pytest.MonkeyPatch, spelling: str) -> None:
    monkeypatch.setenv("DATABASE_URL", spelling)
    assert load_settings(None).database_url == "postgresql://a@h/x"


@pytest.mark.parametrize(
    "broken", ["x", "postgresql://", "postgresql://h", "postgresql://a@h:99999/x", "postgresql://[::1/x", "mysql://a@h/x"]
)
def test_a_broken_database_address_is_a_sentence(monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    monkeypatch.setenv("DATABASE_URL", broken)
    monkeypatch.setenv("DATABASE_PASSWORD", "x")
    assert problems()["DATABASE_URL"].count("DATABASE_URL") == 1, "the sentence says what an address looks like"


class TestSecretFiles:
    def test_a_secret_comes_from_the_file_without_its_line_end(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "url").write_text(f"{SAFE}\n")
        monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "url"))
        assert load_settings(None).database_url == SAFE

    def test_the_file_may_be_named_in_the_env_file(self, tmp_path: Path) -> None:
        (tmp_path / "url").write_text(SAFE)
        (tmp_path / ".env").write_text(f"DATABASE_URL_FILE={tmp_path / 'url'}\n")
        assert load_settings(tmp_path / ".env").database_url == SAFE

    def test_the_environment_wins_over_a_file_named_in_the_env_file(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("DATABASE_URL_FILE=/does/not/exist\n")
        monkeypatch.setenv("DATABASE_URL", SAFE)
        assert load_settings(tmp_path / ".env").database_url == SAFE

    def test_a_missing_an_empty_and_a_doubled_one_are_reported_together(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / "empty").write_text(" \n")
        monkeypatch.setenv("DATABASE_URL_FILE", str(tmp_path / "missing"))
        monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "empty"))
        monkeypatch.setenv("DATABASE_PASSWORD", "one")
        monkeypatch.setenv("DATABASE_PASSWORD_FILE", str(tmp_path / "empty"))
        assert {"DATABASE_URL_FILE", "REDIS_URL_FILE", "DATABASE_PASSWORD"} <= set(problems())


class TestPassword:
    def test_two_passwords_are_one_too_many(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DATABASE_URL", SAFE)
        monkeypatch.setenv("DATABASE_PASSWORD", "other")
        assert "DATABASE_PASSWORD" in problems()

    def test_a_password_needs_an_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DATABASE_PASSWORD", "other")
        assert "DATABASE_PASSWORD" in problems()

    @given(password=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(lambda text: text.strip()))
    @settings(deadline=None, max_examples=60)
    def test_any_password_survives_in_the_address(self, password: str) -> None:
        joined = Settings(_env_file=None, database_url="postgresql://dq@db:5433/draft_queen", database_password=password)
        assert joined.database_url is not None
        parts = urlsplit(joined.database_url)
        assert unquote(parts.password or "") == password
        assert (parts.username, parts.hostname, parts.port, parts.path) == ("dq", "db", 5433, "/draft_queen")


class TestEnvFile:
    def test_the_environment_wins(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("PORT=8001\nLOG_LEVEL=debug\n")
        monkeypatch.setenv("PORT", "8002")
        found = load_settings(tmp_path / ".env")
        assert (found.port, found.log_level) == (8002, "DEBUG")

    def test_a_misspelt_name_is_reported_with_the_right_one(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("DATABSE_URL=x\nLOGLEVEL=debug\nPORT=x\n")
        found = problems(tmp_path / ".env")
        assert "did you mean DATABASE_URL?" in found["DATABSE_URL"]
        assert "did you mean LOG_LEVEL?" in found["LOGLEVEL"]
        assert "PORT" in found

    @pytest.mark.parametrize("line", ['PORT="8001', "=8001", "'PORT=8001"])
    def test_a_line_that_sets_nothing_is_reported(self, tmp_path: Path, line: str) -> None:
        (tmp_path / ".env").write_text(f"# mine\nLOG_LEVEL=debug\n{line}\n")
        told = "Line 3 of .env cannot be read: write NAME=value, and close any open quotation mark"
        assert problems(tmp_path / ".env") == {"Line 3": told}

    def test_names_of_others_are_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / ".env").write_text("POSTGRES_PASSWORD=x\nCOMPOSE_PROJECT_NAME=y\nPATH=z\n")
        assert load_settings(tmp_path / ".env").port == 8000


@given(name=st.sampled_from(sorted(OURS)), data=st.data())
def test_one_typing_error_is_always_understood(name: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(name) - 1))
    broken = name[:place] + name[place + 1 :]
    if broken in OURS:
        return
    near = nearest_name(broken, OURS)
    assert near is not None
    assert broken in {near[:place] + near[place + 1 :] for place in range(len(near))}


def test_folders_start_at_the_checkout_wherever_we_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", "elsewhere")
    monkeypatch.setenv("EXPORTS_DIR", str(tmp_path / "out"))
    found = load_settings(None)
    assert found.data_dir == CHECKOUT / "elsewhere"
    assert found.exports == tmp_path / "out"
    assert os.environ["DATA_DIR"] == "elsewhere"


def test_the_synthetic_league_of_the_settings_is_the_generators_own() -> None:
    from pipeline.options import LoadOptions
    from pipeline.sources.sample.generate import DEFAULT_ROWS, DEFAULT_SEED

    fields = Settings.model_fields
    assert (fields["sample_rows"].default, fields["sample_seed"].default) == (DEFAULT_ROWS, DEFAULT_SEED)
    assert (LoadOptions.__dataclass_fields__["sample_rows"].default, LoadOptions.__dataclass_fields__["sample_seed"].default) == (
        DEFAULT_ROWS,
        DEFAULT_SEED,
    )

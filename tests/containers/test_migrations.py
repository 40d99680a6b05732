"""A changed model in the development stack: `make revision` and `make migrate` on the host, `make migrations-check` inside."""

from __future__ import annotations

import json

from tests.containers.stack import Stack, wait_until

MODEL = '    position: Mapped[str | None] = mapped_column(comment="raw code of the latest record; join with position.code")\n'


def schema(stack: Stack) -> str:
    return str(json.loads(stack.get("/health/ready")[1])["checks"]["schema"]["detail"])


def test_a_new_column_reaches_the_running_stack(stack: Stack) -> None:
    models = stack.folder / "app" / "db" / "models.py"
    text = models.read_text()
    assert MODEL in text
    try:
        models.write_text(text.replace(MODEL, MODEL + "    nickname: Mapped[str | None]\n"))
        differs = stack.run("docker", "compose", "exec", "--no-TTY", "api", "make", "migrations-check", check=False)
        assert differs.returncode != 0
        assert "'nickname'" in differs.stderr
        stack.make("revision", "MESSAGE=add nicknames")
        [written] = stack.folder.glob("alembic/versions/*_add_nicknames.py")
        assert stack.owners() == {stack.uid}
        stack.execute("api", "make", "migrations-check")
        stack.make("migrate")
        wait_until(lambda: schema(stack) == f"at {written.stem}", 60, "the API knows the schema")
        assert stack.sql("select count(*) from person where nickname is null") != "0"
        stack.execute("api", "alembic", "downgrade", "-1")
        written.unlink()
    finally:
        models.write_text(text)
    wait_until(lambda: "add_nicknames" not in schema(stack) and stack.ready(), 60, "the API is ready again")

"""Turns the query parameters of the API into options, so that both have the same filters, checks and descriptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar, get_args, get_origin

import click

from app.errors.wording import in_words

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

M = TypeVar("M", bound="BaseModel")

#: Parameters that have no meaning on a command line: it has its own formats, and follows cursors itself.
_NOT_OPTIONS = frozenset({"format", "escape_formulas", "cursor", "limit"})
NO_ARGUMENTS: Mapping[str, str] = {}
_METAVARS: dict[object, str] = {int: "NUMBER", float: "NUMBER", str: "TEXT"}


class WholeNumber(click.IntRange):
    """A number within a range, read as the API reads it: ``int`` alone would accept the digits of every script."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number; what is wrong with another text is said in the API's words."""
        from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError

        from app.parameters import plain_whole

        try:
            checked = Annotated[int, Field(ge=self.min, le=self.max), BeforeValidator(plain_whole)]
            return TypeAdapter[int](checked).validate_python(value)
        except ValidationError as error:
            self.fail(f"{in_words(error.errors()[0])}.", param, ctx)


class ListCommand(click.Command):
    """A command with one option per parameter of a list; the model that describes them is imported when the command is called.

    One that is not ``paged`` shows a whole table.
    """

    def __init__(
        self, name: str, model: Callable[[], type[BaseModel]], callback: Callable[..., None], help_text: str, *, paged: bool = True
    ) -> None:
        super().__init__(name, callback=callback, help=help_text)
        self._model, self._paged = model, paged
        self._options: list[click.Parameter] | None = None

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Create the options when they are first needed."""
        if self._options is None:
            self._options = options_of(self._model(), paged=self._paged)
            self.params = self._options
        return super().get_params(ctx)


def options_of(model: type[BaseModel], *, paged: bool = True, json_help: str = "JSON Lines: one object per row.") -> list[click.Parameter]:
    """Create an option per field, and those of every list command."""
    left_out = _NOT_OPTIONS if paged else _NOT_OPTIONS - {"limit"}
    options: list[click.Parameter] = [_option(name, field) for name, field in model.model_fields.items() if name not in left_out]
    paging: list[click.Parameter] = [
        click.Option(["--limit"], type=WholeNumber(1, 1_000_000), default=50, show_default=True, help="Maximum number of rows."),
        click.Option(["--all", "all_rows"], is_flag=True, help="Show all rows; overrides --limit."),
    ]
    return [*options, *(paging if paged else ()), click.Option(["--json", "as_json"], is_flag=True, help=json_help)]


def _option(name: str, field: FieldInfo) -> click.Option:
    from app.parameters import takes_several

    flag = called(name)
    kind = _plain_type(field.annotation)
    text = (field.description or "").replace("`", "'") + _default(field)
    if kind is bool and field.default is False:
        return click.Option([flag, name], is_flag=True, help=text)
    if kind is bool:
        return click.Option([f"{flag}/--no-{name.replace('_', '-')}", name], default=None, help=text)
    several = takes_several(field.annotation)
    metavar, choice = _METAVARS.get(kind, "TEXT"), None
    if get_origin(kind) is Literal:
        choices = [str(each) for each in get_args(kind)]
        metavar, choice = f"[{'|'.join(choices)}]", _Choices(choices) if several else click.Choice(choices, case_sensitive=False)
    return click.Option(
        [flag, name], type=choice, metavar=metavar + ",..." * several, help=text, multiple=True, callback=partial(_join, several=several)
    )


def _join(context: click.Context, option: click.Parameter, values: tuple[str, ...], *, several: bool) -> str | None:
    """Return the value, or several with commas between them. Of an option that is given twice, click itself takes the last."""
    if len(values) > 1 and not several:
        raise click.BadParameter("it is given more than once.", context, option)
    return ",".join(values) if values else None


def _default(field: FieldInfo) -> str:
    """Write a default, with the range of a number, as click writes those of its own options."""
    if field.is_required() or field.default is None or isinstance(field.default, bool):
        return ""
    limits = {name: getattr(each, name) for each in field.metadata for name in ("ge", "le") if hasattr(each, name)}
    least, most = (f"{limits['ge']}<=" if "ge" in limits else ""), (f"<={limits['le']}" if "le" in limits else "")
    return f" [default: {field.default}{f'; {least}x{most}' if limits else ''}]"


class _Choices(click.ParamType[str]):
    """One or more choices, separated by commas; data sets may be spelled with hyphens, as in URLs."""

    name = "choices"

    def __init__(self, choices: list[str]) -> None:
        self._choice = click.Choice(choices, case_sensitive=False)
        self._lower = {choice.lower() for choice in choices}

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        parts = [part.strip() for part in value.split(",")]
        names = [part if part.lower() in self._lower else part.replace("-", "_") for part in parts]
        return ",".join(self._choice.convert(name, param, ctx) for name in names)


def _plain_type(annotation: object) -> object:
    """Extract ``int`` from ``Annotated[int, …] | None``."""
    while True:
        origin, arguments = get_origin(annotation), [part for part in get_args(annotation) if part is not type(None)]
        if origin is Literal or not arguments:
            return annotation
        annotation = arguments[0]


def parameters(model: type[M], given: dict[str, object], arguments: Mapping[str, str] = NO_ARGUMENTS) -> M:
    """Validate the options as the API validates its parameters; a wrong value is a usage error that names the option.

    ``arguments`` are the parameters that the command takes without an option, and the names that its help gives them.
    """
    from pydantic import ValidationError

    try:
        return model.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        name = partial(called, arguments=arguments)
        problems = [f"{name(str(detail['loc'][0]))}: {_lower(in_words(detail, name))}" for detail in error.errors()]
        raise click.UsageError("; ".join(problems) + ".") from None


def called(parameter: str, arguments: Mapping[str, str] = NO_ARGUMENTS) -> str:
    """Return what the command line calls a parameter: the name of its argument, or ``--season-min`` for ``season_min``."""
    return arguments.get(parameter) or f"--{parameter.replace('_', '-')}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].removesuffix(".")

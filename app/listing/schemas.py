"""Models of lists for the OpenAPI document. Documentation only: responses are encoded from rows, not validated against them."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, create_model

from app.listing.model import FieldInfo, Kind

_TYPES: Mapping[Kind, type] = {Kind.INTEGER: int, Kind.NUMBER: float, Kind.BOOLEAN: bool, Kind.TEXT: str, Kind.TIMESTAMP: str}


class PageModel(BaseModel):
    """One page of a list."""

    model_config = ConfigDict(extra="forbid")

    total: int = Field(description="Rows in the whole filtered set.", examples=[255])
    next: str | None = Field(description="Pass it as `cursor` for the following page; null on the last one.")
    dataset_version: str = Field(
        description="Version of the data: `<draft picks>.<combine>`, then those of other data sets that are loaded.", examples=["3.2"]
    )
    synthetic: bool = Field(description="True when the data are the generated league with made-up names.")


class TableModel(BaseModel):
    """A whole table; a subclass has its ``items``."""

    model_config = ConfigDict(extra="forbid")

    total: int = Field(description="Rows of the whole table, whatever the limit.", examples=[7])
    dataset_version: str = Field(description="Version of the data.", examples=["3.2"])
    synthetic: bool = Field(description="True when the data are the generated league with made-up names.")


def item_model(name: str, fields: Mapping[str, FieldInfo]) -> type[BaseModel]:
    """Build a model of one row. Every field may be absent, because ``fields=`` selects."""
    definitions: dict[str, Any] = {}
    for each in fields.values():
        annotation = _TYPES[each.kind] if each.required else _TYPES[each.kind] | None
        examples = [] if each.example is None else [each.example]
        unit: dict[str, Any] | None = {"x-unit": each.unit} if each.unit else None
        field = Field(default=None, description=each.description, examples=examples or None, json_schema_extra=unit)
        definitions[each.name] = (annotation, field)
    return create_model(name, __config__=ConfigDict(extra="forbid"), **definitions)


def like(item: type[BaseModel]) -> WithJsonSchema:
    """Document a row as ``item``, inside a model that sends the row as it was read: ``Annotated[Row, like(Item)]``."""
    return WithJsonSchema(item.model_json_schema())


def documented_as(field: FieldInfo) -> Any:
    """Document a model's field as the declared one."""
    return Field(description=field.description, examples=None if field.example is None else [field.example])


def page_model(name: str, item: type[BaseModel]) -> type[PageModel]:
    """Build a model of a page of such rows."""
    definitions: dict[str, Any] = {"items": (list[item], Field(description="The rows."))}  # type: ignore[valid-type]
    return create_model(name, __base__=PageModel, **definitions)


def page_or_rows(name: str, item: type[BaseModel]) -> object:
    """Document the response of a list that is also streamed: a page, or with ``format=json`` an array of all rows."""
    return page_model(name, item) | list[item]  # type: ignore[valid-type]

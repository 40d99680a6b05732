"""``dq list``: the rows of any data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from app.datasets import DATASETS
from cli.filters import ListCommand

if TYPE_CHECKING:
    from app.datasets.model import Dataset
    from app.listing.parameters import ListParameters


@click.group(name="list")
def command() -> None:
    """List the rows of a data set."""


def _add(dataset: Dataset) -> None:
    def model() -> type[ListParameters]:
        from app.listing.derived import parameter_model

        return parameter_model(dataset)

    def show(**given: object) -> None:
        from app.records.service import list_rows
        from cli.lists import show_list

        columns = dataset.command_fields or tuple(dataset.listed)
        show_list(model(), lambda context, parameters: list_rows(context, dataset, parameters), given, columns, dataset)

    command.add_command(
        ListCommand(dataset.path, model, show, f"{dataset.about} The filters are those of /api/v1/{dataset.path}."),
    )


for _dataset in DATASETS.values():
    _add(_dataset)

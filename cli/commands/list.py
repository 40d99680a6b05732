"""``dq list``: the rows of any data set."""

import click

from app.datasets import DATASETS
from app.datasets.prospects import PROSPECTS
from cli.lists import DatasetGroup, list_command


@click.group(name="list", cls=DatasetGroup)
def command() -> None:
    """List the rows of a data set."""


for _dataset in (*DATASETS.values(), PROSPECTS):
    command.add_command(
        list_command(_dataset, _dataset.path, f"{_dataset.about} The filters are those of /api/v1/{_dataset.path}."),
    )

"""``dq prospects``: combine, selection and career of a person in one row."""

from app.datasets.prospects import PROSPECTS
from cli.lists import list_command

command = list_command(
    PROSPECTS,
    "prospects",
    "List prospects since 1980, drafted or not: combine results, selection and career; the filters are those of /api/v1/prospects.\n\n"
    "Example: dq prospects --position RB,WR --season 2019,2021 --sort=-speed_score",
)

"""What a pick is worth by five published charts. A pick beyond a chart has no value there, which is not the value 0."""

from app.datasets.model import Dataset, Field, Filter, Gates
from app.datasets.shared import LICENCE


def _chart(name: str, description: str, example: float) -> Field:
    return Field(name, "number", description, unit="points", low=0, high=10_000, example=example, stable=True)


_CHARTS = (
    _chart("stuart", "Chase Stuart's chart, from career Approximate Value", 34.6),
    _chart("johnson", "the chart that Jimmy Johnson's Cowboys traded by", 3000),
    _chart("hill", "Rich Hill's chart, from the trades that teams made", 1000),
    _chart("otc", "the Fitzgerald-Spielberger chart of Over the Cap, from second contracts", 3000),
    _chart("pff", "Pro Football Focus's chart, from wins above replacement", 1.135),
)
CHARTS = tuple(field.name for field in _CHARTS)

PICK_VALUES = Dataset(
    name="pick_values",
    title="pick values",
    rows="pick values",
    about="What a pick is worth by five published charts.",
    table="pick_value",
    fields=(
        Field("pick", "integer", "overall number within a class", low=1, high=500, example=1, required_by="the key"),
        *_CHARTS,
    ),
    key=("pick",),
    gates=Gates(telling=("pick",), min_rows=224, shrink_warns=0.0, shrink_fails=0.1),
    filters=(
        Filter("pick", "count", "Overall number within a class.", example=1),
        Filter("pick_min", "count", "Lowest overall number."),
        Filter("pick_max", "count", "Highest overall number."),
    ),
    source="Lee Sharpe",
    licence=LICENCE,
    file_stem="draft_values",
)

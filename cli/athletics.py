"""Tables of a person's measurements."""

from collections.abc import Sequence

from app.athletics.schemas import Measured, Score, Subject
from cli.output import note, print_facts, print_table

_DRILLS = ("drill", "value", "percentile", "n", "scope", "note")


def print_subject(subject: Subject, *, synthetic: bool) -> None:
    """Print who it is about, and at which visit."""
    facts = {"person_id": subject.person_id, "combine": subject.visit, "position": subject.pos, "school": subject.school}
    print_facts(facts, title=subject.name)
    if len(subject.visits) > 1:
        note(f"Other visits: {', '.join(str(season) for season in subject.visits if season != subject.visit)} (use --visit).")
    if synthetic:
        note("Synthetic league: this person is made up.")


def print_measured(drills: Sequence[Measured], score: Score) -> None:
    """Print percentiles, and the score below them."""
    print_table([each.model_dump() for each in drills], _DRILLS, title="Percentiles", numbers=_DRILLS[1:4])
    print_facts(score.model_dump(), title="Athletic Score")

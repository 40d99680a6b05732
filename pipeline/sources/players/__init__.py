"""Players: rows with an id of their own; those who are neither picks nor combine participants become persons here."""

from pipeline.sources.hooks import Hooks, PeopleHooks
from pipeline.sources.players.matching import find_persons
from pipeline.sources.players.rules import normalise

HOOKS = Hooks(normalise=normalise, people=PeopleHooks(find_persons), follows=("draft_picks", "combine"))

"""One module per command, each exporting ``command``; ``cli.main`` imports the one that is called. Their table imports none of them."""

COMMANDS = {
    "serve": "Start everything: database, data, pipeline, API and pages.",
    "etl": "Load draft data and look at past runs.",
    "picks": "List draft selections.",
    "combine": "List combine results.",
    "prospects": "List combine entries, selections and careers in one table.",
    "list": "List the rows of any data set.",
    "export": "Copy the file of a whole data set.",
    "aggregate": "Count, average or compare rows by group.",
    "hit-rates": "Show how many selections became starters, by group.",
    "value": "Compare selections with what was expected of them, and classes with others.",
    "trade": "Value a trade, or show one and what became of it.",
    "person": "Search for players, or show one in full.",
    "identity": "Show and resolve conflicts about who is who.",
    "percentiles": "Show one player's combine results as percentiles.",
    "comparables": "List the players most like one at the combine.",
    "compare": "Show two to six players side by side.",
    "changes": "List what loads have added, changed and removed.",
    "quality": "Show what is wrong with the data and how complete they are.",
    "db": "Migrate the database, or show its schema.",
    "doctor": "Check this machine and the stack for problems.",
    "sample": "Generate the synthetic league as files.",
    "version": "Show the versions of the program and schema, and with --data of the data.",
}
"""Every command with its one line of help, in the order in which a person meets them."""

ABOUT = """\
NFL draft analytics: every draft pick since 1980, every combine since 2000.

Settings are read from the environment and .env; see docs/settings.md."""

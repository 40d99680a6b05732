"""The pages people read in a browser: server-rendered HTML that works without JavaScript and is quicker with it."""

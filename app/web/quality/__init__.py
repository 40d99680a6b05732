"""How complete the data are."""

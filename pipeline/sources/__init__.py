"""What is special about single data sets: the ``HOOKS`` of a module or package with the data set's name; ``sample`` makes up a league.

A package has ``rules.py``, what must hold for its rows, and ``matching.py``, whose they are.
"""

"""The implementation of ``dq serve``, which starts, supervises and stops everything that ``make run`` runs."""

"""Behind ``dq serve``: starting, watching and stopping everything that ``make run`` runs."""

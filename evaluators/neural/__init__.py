"""Models inside metrics: token vectors, their matching and keeping, learned regressors."""

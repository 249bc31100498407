"""The search for a schedule: plans, their costs, what may be chosen, and the choice."""

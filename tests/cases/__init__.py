"""Cases of residents who need a person: states, deadlines, escalation."""

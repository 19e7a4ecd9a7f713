"""What a message means: normalising, triage, matching, the decision."""

"""Tests: what residents, staff and engineers are promised."""

"""Servers, people and tools of the tests."""

"""Test servers, test users and test tools."""

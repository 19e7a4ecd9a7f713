"""Receive residents' messages and answer them."""

"""The pages and the doors that speak HTTP."""

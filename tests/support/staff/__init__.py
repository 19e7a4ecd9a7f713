"""Staff at the desk and in the studio, for the tests."""

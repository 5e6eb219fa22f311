"""doctor's checks: a small class each, one file a family, one explicit registry."""

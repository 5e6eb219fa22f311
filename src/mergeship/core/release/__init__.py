"""The life of a release, as values and decisions: the ledger, what a run decides, and what is done next."""

"""The dress rehearsal: an embedded index, an engine, a sandbox, and the proofs."""

"""One rehearsal: engine, sandbox, stand-ins and proofs."""

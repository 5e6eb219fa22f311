"""One verb, one file, one function of that name: gather, decide, show, apply."""

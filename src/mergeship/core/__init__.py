"""Values and decisions: no process, socket, environment, clock or file write."""

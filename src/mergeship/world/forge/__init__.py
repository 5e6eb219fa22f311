"""The embedded forge: answers like GitHub, over a bare repository that it serves by git's own HTTP backend."""

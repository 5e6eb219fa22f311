"""`python -m mergeship` is the installed command."""

from mergeship.cli import run

if __name__ == "__main__":
    run()

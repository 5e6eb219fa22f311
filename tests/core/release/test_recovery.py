from mergeship.core.release.recovery import Lost, Rebuild, Recovered, RecoveryFacts, next_step
from tests.core.release.test_ledger import FILE


def test_bytes_are_found_or_built_again_or_lost() -> None:
    there = frozenset({FILE.name})
    assert next_step((FILE,), RecoveryFacts(there)) == Recovered()
    assert next_step((FILE,), RecoveryFacts(frozenset())) == Rebuild()
    assert next_step((FILE,), RecoveryFacts(there, rebuilt=True)) == Recovered()
    others = next_step((FILE,), RecoveryFacts(frozenset(), rebuilt=True))
    assert others == Lost(f"its bytes are gone, and building it again gives others: {FILE.name}")
    broken = next_step((FILE,), RecoveryFacts(frozenset(), rebuilt=True, not_built="no backend"))
    assert broken == Lost("its bytes are gone, and it does not build again: no backend")

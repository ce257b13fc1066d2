"""The contract is read once, whether its folder is named or not: reading takes a third of a second."""

from conformance._paths import SCHEMAS
from conformance.contract import load_catalogue, load_profiles
from conformance.contract.tiers import load_tiers


def test_naming_the_folder_reads_nothing_again() -> None:
    assert load_catalogue() is load_catalogue(SCHEMAS)
    assert load_profiles() is load_profiles(SCHEMAS)
    assert load_tiers(1) is load_tiers(1)

"""Which signals an edge tells of its link to a device: those that its protocol knows of."""

from functools import cache

from adapters.profile import Profile, bundled_profiles

DIAGNOSTICS = bundled_profiles()["kvartal-diagnostics"]
"""All of them, with the prefix link_; the keys and their order."""
OF_ALL = frozenset({"link_readings", "link_last_good", "link_bad"})
# A device that tells by itself is not asked, but its broker answers pings and its server reads.
OF_PROTOCOL = {
    "modbus": frozenset(signal.key for signal in DIAGNOSTICS.signals) - OF_ALL,
    "mqtt": frozenset({"link_round_trip"}),
    "opcua": frozenset({"link_round_trip"}),
}


@cache
def link_profile(protocol: str) -> Profile:
    """Give the profile with which a device of this protocol is born a second time."""
    keys = OF_ALL | OF_PROTOCOL.get(protocol, frozenset())
    return DIAGNOSTICS.model_copy(
        update={
            "profile": f"{DIAGNOSTICS.profile}-{protocol}",
            "signals": [signal for signal in DIAGNOSTICS.signals if signal.key in keys],
        }
    )

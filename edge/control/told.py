"""What a device that a program governs tells beside what its model measures: signals and alarms.

They are appended to the device's model, a set for each governed signal, so that history, the card,
alarm rules and their overrides know them like any others.
"""

from collections.abc import Iterable, Mapping

from adapters.profile import AlarmProfile, ConditionProfile, Profile, SignalProfile, Words
from core.alarm import AlarmTest, Severity
from core.program import Program, ProgramKind
from core.signal import SignalKind

PROGRAM, OVERRIDE, NO_CLOCK, LOCAL = (
    0,
    1,
    2,
    3,
)  # codes of `<signal>_control`: who says what is wanted
WELL_UP = 6.0  # degrees of the sun; nobody needs a lamp then
LONGEST_KEY = 40 - len("_changes_at")  # what adapters.wire.Key leaves for the governed signal
LONGEST_NAME = 64  # adapters.wire.Name

Governed = Mapping[str, ProgramKind]
"""The signals of one device that programs set, and the kind of the program."""

PROBLEMS = {
    "feeder_cabinet": "lighting.cabinet",
    "street_light": "lighting.lamp",
    "traffic_controller": "traffic.signal",
}
CONTROL_STATES: dict[int, Words] = {
    PROGRAM: {"en": "by programme", "ru": "по программе"},
    OVERRIDE: {"en": "by command", "ru": "по команде"},
    NO_CLOCK: {"en": "clock is not known", "ru": "время неизвестно"},
    LOCAL: {"en": "local mode", "ru": "местное управление"},
}
OBEYED_STATES: dict[int, Words] = {
    0: {"en": "differs from what is wanted", "ru": "отличается от нужного"},
    1: {"en": "as wanted", "ru": "как нужно"},
}


def governed_signals(programs: Iterable[Program]) -> dict[str, dict[str, ProgramKind]]:
    """Give, by device, the signals that programs set."""
    found: dict[str, dict[str, ProgramKind]] = {}
    for program in programs:
        for device in program.devices:
            found.setdefault(device, {})[program.signal] = program.kind
    return found


def governed(profile: Profile, signals: Governed) -> Profile:
    """Give a model with what is told of its governed signals behind its own."""
    if not signals:
        return profile
    more = [(profile.signal(key), kind) for key, kind in sorted(signals.items())]
    return profile.model_copy(
        update={
            "profile": governed_name(profile.profile, signals),
            "signals": (
                *profile.signals,
                *(each for signal, kind in more for each in _signals(signal, kind)),
            ),
            "alarms": (
                *profile.alarms,
                *(
                    each
                    for signal, kind in more
                    for each in _alarms(signal, kind, PROBLEMS[profile.family])
                ),
            ),
        }
    )


def governed_name(profile: str, signals: Governed) -> str:
    """Give the name under which the gateway knows a model with these signals governed."""
    return "+".join((profile, *sorted(signals)))


def _signals(signal: SignalProfile, kind: ProgramKind) -> list[SignalProfile]:
    key, en, ru = signal.key, signal.name["en"], signal.name["ru"]
    told = [
        SignalProfile(
            key=f"{key}_wanted",
            name={"en": f"{en}: wanted", "ru": f"{ru}: нужно"},
            unit=signal.unit,
            kind=signal.kind,
            states=signal.states,
        ),
        SignalProfile(
            key=f"{key}_control",
            name={"en": f"{en}: who sets it", "ru": f"{ru}: чем задано"},
            kind=SignalKind.STATE,
            states=CONTROL_STATES,
        ),
        SignalProfile(
            key=f"{key}_changes_at",
            name={"en": f"{en}: until", "ru": f"{ru}: до"},
            unit="s",  # since 1970 UTC; 0 where no change is in sight
            deadband=1.0,  # the end of a command is told by two clocks
        ),
        SignalProfile(
            key=f"{key}_obeyed",
            name={"en": f"{en}: obeyed", "ru": f"{ru}: исполнение"},
            kind=SignalKind.STATE,
            states=OBEYED_STATES,
        ),
    ]
    if kind is ProgramKind.LIGHTING:
        told.append(
            SignalProfile(
                key=f"{key}_sun",
                name={"en": "Elevation of the sun", "ru": "Высота солнца"},
                unit="deg",
                deadband=1.0,
            )
        )
    return told


def _alarms(signal: SignalProfile, kind: ProgramKind, problem: str) -> list[AlarmProfile]:
    key, en, ru = signal.key, signal.name["en"], signal.name["ru"]
    told = [
        AlarmProfile(
            key=f"{key}_not_obeyed",
            signal=f"{key}_obeyed",
            test=AlarmTest.EQUALS,
            limit=0,
            on_delay_s=300,
            severity=Severity.HIGH,
            problem=problem,
            name={"en": f"{en} does not follow", "ru": f"{ru}: команда не исполняется"},
            cause={
                "en": "The device refuses, or is in local control",
                "ru": "Устройство отказывает или переведено на местное управление",
            },
            consequence={
                "en": "It is not in the state that it should be in",
                "ru": "Устройство не в том состоянии, в котором должно быть",
            },
            action={
                "en": "Try a command; if it is refused, send a crew",
                "ru": "Подайте команду; если не исполняется — вышлите бригаду",
            },
        ),
        AlarmProfile(
            key=f"{key}_forgotten",
            signal=f"{key}_control",
            test=AlarmTest.EQUALS,
            limit=OVERRIDE,
            on_delay_s=4 * 3600,
            severity=Severity.LOW,
            problem=problem,
            name={"en": f"{en}: forgotten command", "ru": f"{ru}: забытая команда"},
            cause={
                "en": "A command has held the programme off for hours",
                "ru": "Команда уже несколько часов держится вместо программы",
            },
            consequence={
                "en": "The programme does not govern the device",
                "ru": "Устройство не управляется программой",
            },
            action={
                "en": "Find out whether the command is still needed",
                "ru": "Выясните, нужна ли ещё команда",
            },
        ),
        AlarmProfile(
            key=f"{key}_no_clock",
            signal=f"{key}_control",
            test=AlarmTest.EQUALS,
            limit=NO_CLOCK,
            on_delay_s=60,
            severity=Severity.MEDIUM,
            problem="device.edge",
            name={"en": f"{en}: the edge has no clock", "ru": f"{ru}: у узла нет времени"},
            cause={
                "en": "The edge was never told what time it is",
                "ru": "Узел связи не получил точного времени",
            },
            consequence={
                "en": "The device stays as it is; the programme waits",
                "ru": "Устройство остаётся как есть, программа ждёт",
            },
            action={
                "en": "Set the clock of the edge; switch by command meanwhile",
                "ru": "Установите часы узла; пока управляйте командами",
            },
        ),
    ]
    if kind is ProgramKind.LIGHTING:
        told.append(
            AlarmProfile(
                key=f"{key}_by_day",
                signal=key,
                test=AlarmTest.ABOVE,
                limit=0,
                when=(
                    ConditionProfile(signal=f"{key}_sun", test=AlarmTest.ABOVE, limit=WELL_UP),
                    ConditionProfile(
                        signal=f"{key}_control", test=AlarmTest.DIFFERS, limit=OVERRIDE
                    ),
                ),
                on_delay_s=600,
                severity=Severity.LOW,
                problem=problem,
                name={"en": "Lights burn by day", "ru": "Освещение горит днём"},
                cause={
                    "en": "Local control, a stuck contactor, or a wrong programme",
                    "ru": "Местное управление, залипший контактор или ошибка в программе",
                },
                consequence={"en": "Energy is wasted", "ru": "Напрасный расход энергии"},
                action={
                    "en": "Switch it off by command; if it stays on, send a crew",
                    "ru": "Отключите командой; если горит — вышлите бригаду",
                },
            )
        )
    return told

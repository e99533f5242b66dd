"""What the gateway is made of; `gateway.assembly` opens it, requests reach it through Depends."""

from dataclasses import dataclass

from core.clock import Clock
from gateway.api.rate import Rate
from gateway.authority import Authority
from gateway.cases.filing import Filing
from gateway.cases.looks import Looks
from gateway.channels.api_keys import KeyRates
from gateway.channels.carriers import Messengers
from gateway.channels.correspondence import Correspondence
from gateway.duties import Duties
from gateway.live import Hub
from gateway.registry.directory import Directory, History
from gateway.registry.snapshot import CurrentRegistry
from gateway.settings import Settings
from gateway.storage.database import Database
from gateway.timeseries.port import Figures


@dataclass(frozen=True, slots=True)
class Parts:
    settings: Settings
    clock: Clock
    database: Database
    registry: CurrentRegistry
    directory: Directory
    history: History
    series: Figures
    hub: Hub
    filing: Filing
    looks: Looks
    appeal_rate: Rate
    look_rate: Rate  # of what is asked before an appeal is filed
    key_rates: KeyRates
    source_rates: KeyRates
    messengers: Messengers
    correspondence: Correspondence
    authority: Authority
    enrolment_rate: Rate
    duties: Duties

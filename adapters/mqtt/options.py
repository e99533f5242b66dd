"""What a person may set for a line to a broker with devices behind it."""

from typing import Annotated

from pydantic import ConfigDict, Field

from adapters.options import Options, read_options
from core.errors import Permanent
from core.registry import Endpoint


class MqttOptions(Options):
    """Options of an MQTT endpoint. The edge fills in the account and the files' folder."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    username: Annotated[str, Field(description="better: the endpoint's secret")] = ""
    password: Annotated[str, Field(repr=False, description="better: the endpoint's secret")] = ""
    host_id: Annotated[
        str,
        Field(
            pattern=r"^[^+#/]*$",
            description="name by which edge nodes of Sparkplug B know us; empty: we tell none",
        ),
    ] = ""
    ca_file: Annotated[
        str, Field(description="PEM: authorities to trust with mqtts, instead of the system's")
    ] = ""
    certificate_file: Annotated[str, Field(description="PEM: our certificate, with mqtts")] = ""
    key_file: Annotated[str, Field(description="PEM: its key, without a password")] = ""

    @property
    def files(self) -> tuple[str, str, str]:
        return self.ca_file, self.certificate_file, self.key_file


def options_of(endpoint: Endpoint) -> MqttOptions:
    """Read the options of an endpoint. Permanent names everything that is wrong with them."""
    options = read_options(endpoint, MqttOptions)
    if any(options.files) and not endpoint.address.startswith("mqtts:"):
        raise Permanent(f"{endpoint.id}: certificates need mqtts://, found {endpoint.address}")
    if options.key_file and not options.certificate_file:
        raise Permanent(f"{endpoint.id}: options.key_file is given without certificate_file")
    return options

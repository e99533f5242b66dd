"""What a person may set for a line to an OPC UA server."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from adapters.options import Options, read_options
from core.errors import Permanent
from core.registry import Endpoint


class OpcUaOptions(Options):
    """Options of an OPC UA endpoint. The edge fills in `certificates` and the account."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    security: Annotated[
        Literal["none", "sign", "sign_and_encrypt"],
        Field(description="none, or Basic256Sha256 with messages signed, or encrypted too"),
    ] = "none"
    server_fingerprint: Annotated[
        str,
        Field(
            pattern=r"^([0-9A-Fa-f]{2}[: ]?){31}[0-9A-Fa-f]{2}$|^$",
            description="SHA-256 of the server's certificate, the only one to accept",
        ),
    ] = ""
    certificates: SkipJsonSchema[str] = ""
    """Folder of own, trusted and revoked ones."""
    username: Annotated[str, Field(description="better: the endpoint's secret")] = ""
    password: Annotated[str, Field(repr=False, description="better: the endpoint's secret")] = ""
    user_certificate_file: Annotated[
        str, Field(description="PEM: a person's certificate and key")
    ] = ""


def options_of(endpoint: Endpoint) -> OpcUaOptions:
    """Read the options of an endpoint. Permanent names everything that is wrong with them."""
    options = read_options(endpoint, OpcUaOptions)
    if options.security == "none" and (options.username or options.user_certificate_file):
        raise Permanent(
            f"{endpoint.id}: an identity is not sent unprotected; set options.security to "
            "sign_and_encrypt"
        )
    if options.security != "none" and not options.certificates:
        raise Permanent(f"{endpoint.id}: options.security wants a folder for certificates")
    return options

"""What the API says of photos of the work, and what is asked for them."""

from datetime import datetime

from pydantic import Field

from gateway.api.models import Model


class NoncesForm(Model):
    count: int = Field(1, ge=1, le=50, description="more than one: for where there is no network")


class NonceOut(Model):
    nonce: str
    given_at: datetime
    expires_at: datetime


class TagOut(Model):
    """The tag of an asset. link: what its QR code, or an NFC tag, holds; it opens the field page
    with the tag."""

    asset: str
    tag: str
    link: str

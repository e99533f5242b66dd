"""Who signs in, and by which certificate an edge does."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from gateway.api.models import Model, Text

Role = Literal["dispatcher", "executor", "administrator", "resident"]


class SignIn(Model):
    token: str = Field(max_length=200)


class Me(Model):
    name: str
    role: Role
    place: str = Field(description="id of the territory; everything below it is visible")
    place_name: Text
    executor: str = Field("", description="id of the organisation that an executor works for")


class EnrolmentToken(Model):
    edge: str
    token: str = Field(description="good once; what `kvartal edge enrol` takes")
    ends_at: datetime


class Revoked(Model):
    edge: str
    certificates: int = Field(description="that were called back")


class AskedCertificate(Model):
    """What an edge asks with its token."""

    edge: str = Field(min_length=1, max_length=64)
    request: str = Field(max_length=10_000, description="PKCS #10 in PEM, key on P-256")
    signature: str = Field(max_length=200, description="base64; see adapters/enrolment.py")


class AskedRenewal(AskedCertificate):
    certificate: str = Field(max_length=10_000, description="the present one in PEM")


class Certified(Model):
    edge: str
    certificate: str = Field(description="PEM")
    authority: str = Field(description="PEM; signs for the broker too")
    broker: str = Field(description="URL")
    now: datetime

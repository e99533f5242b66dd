"""What the models of the HTTP API share. The OpenAPI document is made from all of them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[dict[str, str], Field(description="words by language, e.g. en and ru")]
LARGEST = 2**63 - 1  # SQLite and PostgreSQL hold no larger integer
Number = Annotated[int, Field(ge=1, le=LARGEST)]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(Model):
    """An error (RFC 9457). `type` ends in a stable code; `detail` says what to do."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = []

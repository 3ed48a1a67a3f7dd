"""Settings of report mails: outbox and links. The mail server is `models.notifying.SmtpSettings`."""

from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from models.connections import Secret, Text, wrong

LEAST_SECRET: Final = 16  # characters
Page = Annotated[str, StringConstraints(pattern=r"^(https?://[A-Za-z0-9._~:/\[\]-]{1,200})?$")]


class MailSettings(BaseModel):
    """Environment: ``CRMKPI_MAIL__PAGE`` … Without ``smtp.url``, mails become files in ``outbox`` and nothing is sent.

    page: the dashboard's address for recipients, used in links. unsubscribe_secret: signs unsubscribe links.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    sender_name: Annotated[str, StringConstraints(max_length=80)] = "crmkpi"
    outbox: Annotated[str, StringConstraints(min_length=1)] = "outbox"
    page: Page = ""
    unsubscribe_secret: Secret = None
    unsubscribe_secret_file: Text = None

    @model_validator(mode="after")
    def _combination(self) -> Self:
        if self.unsubscribe_secret is not None and self.unsubscribe_secret_file is not None:
            raise wrong("set either unsubscribe_secret or unsubscribe_secret_file, not both")
        if self.unsubscribe_secret is not None and len(self.unsubscribe_secret.get_secret_value()) < LEAST_SECRET:
            raise wrong(f"unsubscribe_secret: must have at least {LEAST_SECRET} characters")
        return self

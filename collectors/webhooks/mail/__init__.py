"""Webhooks of mail providers: delivery and engagement events, as ``crm.email.*``. See docs/webhooks-mail.md."""

from typing import Final

from collectors.webhooks.mail import (
    amazon_ses,
    brevo,
    mailchimp,
    mailersend,
    mailgun,
    mailjet,
    mailtrap,
    mandrill,
    postal,
    postmark,
    resend,
    sendgrid,
    sparkpost,
    unisender_go,
)
from collectors.webhooks.provider import Provider

PROVIDERS: Final[tuple[Provider, ...]] = (
    amazon_ses.PROVIDER,
    brevo.PROVIDER,
    mailchimp.PROVIDER,
    mailersend.PROVIDER,
    mailgun.PROVIDER,
    mailjet.PROVIDER,
    mailtrap.PROVIDER,
    mandrill.PROVIDER,
    postal.PROVIDER,
    postmark.PROVIDER,
    resend.PROVIDER,
    sendgrid.PROVIDER,
    sparkpost.PROVIDER,
    unisender_go.PROVIDER,
)

"""Event sources: HTTP, webhooks and exports of other systems, translated into our event contract."""

"""Calls of Segment and RudderStack clients, which share an HTTP API.

https://www.twilio.com/docs/segment/connections/sources/catalog/libraries/server/http-api
https://www.rudderstack.com/docs/api/http-api/
"""

from collectors.segment.reading import CALLS, read, write_key

__all__ = ["CALLS", "read", "write_key"]

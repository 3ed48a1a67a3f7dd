"""Calls of the clients of Segment and RudderStack, which speak the same HTTP API.

https://www.twilio.com/docs/segment/connections/sources/catalog/libraries/server/http-api
https://www.rudderstack.com/docs/api/http-api/
"""

from collectors.segment.reading import CALLS, read, write_key

__all__ = ["CALLS", "read", "write_key"]

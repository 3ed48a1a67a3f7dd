#!lua
-- Adds a message to a tenant's stream, once for its id. 1: added, 0: it was there.
-- KEYS[1] the stream, KEYS[2] the mark of this message. ARGV: seconds to keep the mark, longest stream, id, JSON.
if not redis.call('SET', KEYS[2], '1', 'NX', 'EX', ARGV[1]) then return 0 end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'id', ARGV[3], 'message', ARGV[4])
return 1

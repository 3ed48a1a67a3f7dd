#!lua
-- Keeps one board of a tenant, unless it would be one too many. 1: kept, 0: there are as many as may be.
-- KEYS[1] the tenant's hash of boards. ARGV: name, board as JSON, how many there may be.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1

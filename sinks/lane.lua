#!lua
-- Notes up to when the numbers of a lane's tenants are known to be current, and returns the previous note.
-- KEYS[1] the lane's hash. ARGV: epoch, position, checked (ms UTC), excluded tenants, comma-separated,
-- address and token of the owner's query port (empty: it has none).
-- An older owner's note is refused: it would mark outdated numbers as current.
local stored = redis.call('HMGET', KEYS[1], 'epoch', 'position', 'checked')
for i = 1, 2 do
  local old, new = tonumber(stored[i] or nil), tonumber(ARGV[i])
  if old == nil or old < new then break end
  if old > new then return stored end
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'position', ARGV[2], 'checked', ARGV[3], 'except', ARGV[4],
  'query', ARGV[5], 'query_token', ARGV[6])
return stored

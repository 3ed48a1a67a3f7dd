-- All documents of a tenant as of one revision: {{field, text, …} of the tenant's hash, name, {field, text, …}, …}. Reads only.
-- A document deleted by hand is still in the index; it comes back with the next full publication.
-- KEYS[1] the index of names, KEYS[2] the tenant's hash. ARGV[1] key prefix of the documents, ARGV[2] prefix of the
-- wanted names (empty: all).
local reply, only = {redis.call('HGETALL', KEYS[2])}, ARGV[2]
for _, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  if string.sub(name, 1, #only) == only then
    local fields = redis.call('HGETALL', ARGV[1] .. name)
    if #fields > 0 then
      reply[#reply + 1] = name
      reply[#reply + 1] = fields
    end
  end
end
return reply

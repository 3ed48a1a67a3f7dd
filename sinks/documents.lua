-- All documents of a tenant as of one revision: {{field, text, …} of the tenant's hash, name, {field, text, …}, …}. Reads only.
-- A document that somebody deleted by hand is still in the index; it comes back with the next whole publication.
-- KEYS[1] the index of names, KEYS[2] the tenant's hash. ARGV[1] what the documents' keys begin with, ARGV[2] what the
-- names of those that are wanted begin with (empty: all).
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

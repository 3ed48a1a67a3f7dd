-- All documents of a tenant as of one revision: {name, {field, text, …}, name, {…}, …}. Reads only.
-- A document that somebody deleted by hand is still in the index; it comes back with the next whole publication.
-- KEYS[1] the index of names. ARGV[1] what the documents' keys begin with.
local reply = {}
for _, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  local fields = redis.call('HGETALL', ARGV[1] .. name)
  if #fields > 0 then
    reply[#reply + 1] = name
    reply[#reply + 1] = fields
  end
end
return reply

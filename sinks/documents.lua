-- All documents of a tenant as of one revision: {name, {field, text, …}, name, {…}, …}. Reads only.
-- KEYS[1] the index of names. ARGV[1] what the documents' keys begin with.
local reply = {}
for _, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  reply[#reply + 1] = name
  reply[#reply + 1] = redis.call('HGETALL', ARGV[1] .. name)
end
return reply

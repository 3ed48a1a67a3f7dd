#!lua
-- (With this first line the server checks memory, replicas and role before the script starts, not half-way.)
-- Publishes one tenant's documents whole, or refuses them whole when the store already holds a newer revision.
-- Returns how many publications of the tenant the store has taken since it was empty; 0: refused.
-- KEYS[1] the tenant's meta hash; every other key shares its hash tag and is built from ARGV[1].
-- ARGV: base ("crmkpi:{acme}:"), epoch, position, as_of in ms, bytes of the updates stream, series' seconds to live,
-- payload as JSON, KPIs with outdated segments, full (1: delete all documents not in it), sweep (1: the first slice
-- of all documents, 2: a later one), lane, share of the history that is counted (empty: live).
-- Values arrive as text from the client: Lua's numbers would round them.
local base, epoch, position, as_of = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local full, sweep = ARGV[9] == '1', ARGV[10]
local call = redis.call

local function stored_is_newer()
  local stored = call('HMGET', KEYS[1], 'epoch', 'position', 'as_of')
  for i = 1, 3 do
    local old, new = tonumber(stored[i] or nil), tonumber(ARGV[i + 1])
    if old == nil then return false end
    if old ~= new then return old > new end
  end
  return false
end

-- unpack() has room for some 8,000 values, so long lists are sent in slices.
local function in_slices(command, key, values)
  for first = 1, #values, 4000 do
    call(command, key, unpack(values, first, math.min(first + 3999, #values)))
  end
end

local boards = {} -- window -> KPI -> JSON of its document without a segment; false: it is no more
local function on_board(window, kpi, json)
  boards[window] = boards[window] or {}
  boards[window][kpi] = json
end

-- A snapshot has a document a line, so that single ones can be replaced without a second copy of all of them.
local function write_snapshot(window, board)
  local key = base .. 'snapshot:' .. window
  for line in string.gmatch(string.sub(call('GET', key) or '[]', 2, -2), '[^\n]+') do
    local kpi = string.match(line, '^{"kpi":"([^"]*)"')
    if board[kpi] == nil then board[kpi] = string.sub(line, -1) == ',' and string.sub(line, 1, -2) or line end
  end
  local kpis, lines = {}, {}
  for kpi, json in pairs(board) do
    if json then kpis[#kpis + 1] = kpi end
  end
  if #kpis == 0 then return call('DEL', key) end
  table.sort(kpis)
  for i, kpi in ipairs(kpis) do lines[i] = board[kpi] end
  return call('SET', key, '[' .. table.concat(lines, ',\n') .. ']')
end

local function drop_all_but(entries)
  local kept, kpis, seen = {}, {}, {}
  local function keep(name)
    kept[name] = true
    local kpi = string.match(name, '^[^:]*')
    if not seen[kpi] then
      seen[kpi] = true
      kpis[#kpis + 1] = kpi
    end
  end
  for _, entry in ipairs(entries) do if #entry[5] > 0 then keep(entry[1]) end end
  if sweep ~= '0' then
    for _, name in ipairs(call('SMEMBERS', base .. 'idx:sweep')) do keep(name) end
  end
  local gone = {}
  for _, name in ipairs(call('SMEMBERS', base .. 'idx:docs')) do
    if not kept[name] then
      gone[#gone + 1] = name
      call('DEL', base .. 'kpi:' .. name)
      local kpi, window = string.match(name, '^([^:]*):([^:]*)$')
      if kpi and not (boards[window] and boards[window][kpi]) then on_board(window, kpi, false) end
    end
  end
  in_slices('SREM', base .. 'idx:docs', gone)
  call('DEL', base .. 'idx:kpis', base .. 'idx:sweep')
  in_slices('SADD', base .. 'idx:kpis', kpis)
end

-- Stores of earlier releases: a snapshot was one line, and its parts were kept a second time.
local function migrate()
  for _, window in ipairs(call('SMEMBERS', base .. 'idx:windows')) do
    local flat, board = call('HGETALL', base .. 'board:' .. window), {}
    for i = 1, #flat, 2 do board[flat[i]] = flat[i + 1] end
    call('DEL', base .. 'board:' .. window, base .. 'snapshot:' .. window)
    write_snapshot(window, board)
  end
  call('DEL', base .. 'idx:windows')
end

if stored_is_newer() then return 0 end
migrate()

local entries, series, kpis = unpack(cjson.decode(ARGV[7]))
local names, gone, ids, seen = {}, {}, {}, {}
for _, entry in ipairs(entries) do
  local name, kpi, window, json, fields = unpack(entry, 1, 5)
  local key = base .. 'kpi:' .. name
  call('DEL', key) -- fields the new document does not have must go
  if #fields == 0 then
    gone[#gone + 1] = name -- the document is no more
  else
    in_slices('HSET', key, fields)
    names[#names + 1] = name
    if not seen[kpi] then
      seen[kpi] = true
      ids[#ids + 1] = kpi
    end
  end
  if json ~= cjson.null then on_board(window, kpi, json) end
end
in_slices('SADD', base .. 'idx:docs', names)
in_slices('SREM', base .. 'idx:docs', gone)
in_slices('SADD', base .. 'idx:kpis', ids)
if sweep == '1' then call('DEL', base .. 'idx:sweep') end
if sweep ~= '0' and not full then
  in_slices('SADD', base .. 'idx:sweep', names)
  in_slices('SREM', base .. 'idx:sweep', gone)
end
if full then drop_all_but(entries) end
for window, board in pairs(boards) do write_snapshot(window, board) end

-- Buckets of histories: names that sort as they follow each other. What lies outside those that are kept goes.
for _, one in ipairs(series) do
  local name, low, high, fields = unpack(one, 1, 4)
  local key, outside = base .. 'series:' .. name, {}
  in_slices('HSET', key, fields)
  for _, bucket in ipairs(call('HKEYS', key)) do
    if bucket < low or bucket > high then outside[#outside + 1] = bucket end
  end
  in_slices('HDEL', key, outside)
  call('EXPIRE', key, ARGV[6])
end

local rev = epoch .. '.' .. position
if full or #kpis > 0 then
  local named = table.concat(kpis, ',')
  -- Bounded by bytes: as many entries of this one's size as there is room for. 120 is what an entry takes beside names.
  local most = math.max(100, math.floor(tonumber(ARGV[5]) / (#named + 120)))
  call('XADD', base .. 'updates', 'MAXLEN', '~', most, '*', 'rev', rev, 'as_of', as_of,
    'kpis', named, 'documents', #entries, 'full', full and 1 or 0)
end
call('HSET', KEYS[1], 'epoch', epoch, 'position', position, 'as_of', as_of, 'rev', rev,
  'documents', call('SCARD', base .. 'idx:docs'), 'waiting', ARGV[8], 'lane', ARGV[11], 'catching_up', ARGV[12])
return call('HINCRBY', KEYS[1], 'published', 1)

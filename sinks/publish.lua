#!lua
-- (With this first line the server checks memory, replicas and role before the script starts, not half-way.)
-- Publishes one tenant's documents whole, or refuses them whole when the store already holds a newer revision.
-- KEYS[1] the tenant's meta hash; every other key shares its hash tag and is made from ARGV[1].
-- ARGV: base ("crmkpi:{acme}:"), epoch, position, as_of in ms, longest updates stream, series' seconds to live, pack as JSON,
-- KPIs whose segments wait.
-- Values arrive as text made by the client: Lua's numbers would round them.
local base, epoch, position, as_of = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
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

-- unpack() has room for some 8,000 values, so long lists go in slices.
local function in_slices(command, key, values)
  for first = 1, #values, 4000 do
    call(command, key, unpack(values, first, math.min(first + 3999, #values)))
  end
end

local function drop_all_but(entries)
  local kept = {}
  for _, entry in ipairs(entries) do kept[entry[1]] = true end
  for _, name in ipairs(call('SMEMBERS', base .. 'idx:docs')) do
    if not kept[name] then call('DEL', base .. 'kpi:' .. name) end
  end
  for _, window in ipairs(call('SMEMBERS', base .. 'idx:windows')) do
    call('DEL', base .. 'board:' .. window, base .. 'snapshot:' .. window)
  end
  call('DEL', base .. 'idx:docs', base .. 'idx:kpis', base .. 'idx:windows')
end

-- The board of a window keeps each KPI's JSON, so the snapshot is whole after a publication of a few changes.
local function write_snapshot(window)
  local flat = call('HGETALL', base .. 'board:' .. window)
  local kpis, by_kpi, list = {}, {}, {}
  for i = 1, #flat, 2 do
    kpis[#kpis + 1] = flat[i]
    by_kpi[flat[i]] = flat[i + 1]
  end
  table.sort(kpis)
  for i, kpi in ipairs(kpis) do list[i] = by_kpi[kpi] end
  call('SET', base .. 'snapshot:' .. window, '[' .. table.concat(list, ',') .. ']')
end

if stored_is_newer() then return 0 end

local full, entries, points, kpis = unpack(cjson.decode(ARGV[7]))
if full then drop_all_but(entries) end

local names, gone, boards, windows = {}, {}, {}, {}
for _, entry in ipairs(entries) do
  local name, kpi, window, json, fields = unpack(entry, 1, 5)
  local key = base .. 'kpi:' .. name
  call('DEL', key) -- fields the new document does not have must go
  if #fields == 0 then
    gone[#gone + 1] = name -- the document is no more
  else
    in_slices('HSET', key, fields)
    names[#names + 1] = name
  end
  if json ~= cjson.null then
    if not boards[window] then
      boards[window] = {}
      windows[#windows + 1] = window
    end
    local board = boards[window]
    board[#board + 1] = kpi
    board[#board + 1] = json
  end
end
in_slices('SADD', base .. 'idx:docs', names)
in_slices('SREM', base .. 'idx:docs', gone)
in_slices('SADD', base .. 'idx:kpis', kpis)
in_slices('SADD', base .. 'idx:windows', windows)
for window, board in pairs(boards) do
  in_slices('HSET', base .. 'board:' .. window, board)
  write_snapshot(window)
end

for _, point in ipairs(points) do
  local key = base .. 'series:' .. point[1]
  call('HSET', key, point[2], point[3])
  call('EXPIRE', key, ARGV[6])
end

local rev = epoch .. '.' .. position
if full or #entries > 0 then
  call('XADD', base .. 'updates', 'MAXLEN', '~', ARGV[5], '*', 'rev', rev, 'as_of', as_of,
    'kpis', table.concat(kpis, ','), 'documents', #entries, 'full', full and 1 or 0)
end
call('HSET', KEYS[1], 'epoch', epoch, 'position', position, 'as_of', as_of, 'rev', rev,
  'documents', call('SCARD', base .. 'idx:docs'), 'waiting', ARGV[8])
call('HINCRBY', KEYS[1], 'published', 1)
return 1

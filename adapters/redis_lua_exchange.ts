/**
 * The Lua of an exchange, in the order in which it runs: settle and add, claim, answer. What the answer is is in
 * `redis_reply.ts`.
 */
import { REQUEST_MEMORY } from "../src/storage.ts";
import { FIRST_SPACE } from "./redis_keys.ts";
import { MARKS, PARTS } from "./redis_lua.ts";
import { PLAIN } from "./redis_lua_plain.ts";
import { RECORDS } from "./redis_lua_records.ts";
import { CHANGES, REQUEST } from "./redis_lua_settle.ts";

/** How many messages one exchange promotes, and how many it recovers: the server belongs to others too. */
const MOST_MOVED = 500;

/** Settles and adds, unless this request has been here before. */
const APPLY = [
  `
local settles, adds, limit, lease, token, spaces, sweeps, named, plain =
  string.match(ARGV[2], '^(%d+) (%d+) (%S+) (%S+) (%w+) (%d+) (%d+) (%d) (%d)$')
settles, adds, limit, lease = tonumber(settles), tonumber(adds), tonumber(limit), tonumber(lease)
spaces, sweeps = tonumber(spaces), tonumber(sweeps)
local channel = ARGV[3]`,
  // The name of a request matters only if there is something to apply.
  `
local done = settles + adds == 0
local request = named == '1' and not done and KEYS[#KEYS]
local keepLater = false`,
  // Answers are kept as text: each after its length.
  `
local function pack(list)
  local packed = {}
  for i, item in ipairs(list) do packed[i] = #item .. ':' .. item end
  return table.concat(packed)
end

local function unpackAll(packed)
  local list, from = {}, 1
  while from <= #packed do
    local _, colon, size = string.find(packed, '^(%d+):', from)
    list[#list + 1] = string.sub(packed, colon + 1, colon + size)
    from = colon + size + 1
  end
  return list
end`,
  // The answer to the request of this name, if it has been here before; otherwise keeps this one.
  `
local function recall(answer)
  local kept = redis.pcall('SET', request, pack(answer), 'PX', ${REQUEST_MEMORY}, 'NX')
  if not kept then return redis.call('GET', request) end
  if not kept.err then return false end
  -- With its memory full a server keeps nothing before there is room, which settling makes.
  if string.sub(kept.err, 1, 3) ~= 'OOM' then return error(kept) end
  keepLater = true
  return redis.call('GET', request)
end`,
  // How many the queue has gained, what was put in the schedule, and what was written, by space.
  `
local answer, gained, scheduled, written = { 's' }, 0, {}, {}
if not done and plain == '1' then`,
  PLAIN,
  `
end
if not done then`,
  PARTS + RECORDS + REQUEST + CHANGES,
  `
  local found = {}
  load(wanted)
  locate(wanted)
  loadHolds()
  for _, id in ipairs(wanted) do found[#found + 1] = entries[id] or nil end
  lists = partsOf(found)
  loadHeld()

  local settled = { 's' }
  for i, settlement in ipairs(settlements) do settled[i + 1] = settle(settlement) and '1' or '0' end
  answer = { table.concat(settled) }
  for i, message in ipairs(enqueue) do answer[i + 1] = add(message) end
  local known = request and recall(answer)
  if known then
    -- Nothing of this happens again.
    answer = unpackAll(known)
    hashes, sets, entries, touched, written, scheduled = {}, {}, {}, {}, {}, {}
  end
  place()
  record()
  gained = flush()
  if #heldKeys > 0 then sweep(holds, ended, 100 + 2 * #heldKeys) end
  if keepLater and not known then redis.call('SET', request, pack(answer), 'PX', ${REQUEST_MEMORY}) end
end
if sweeps > 0 then
  for i = ${FIRST_SPACE}, ${FIRST_SPACE} + 2 * spaces - 1, 2 do sweep(KEYS[i], KEYS[i + 1], sweeps) end
end`,
].join("");

/** Promotes what is due, takes back what lapsed, and hands out. */
const CLAIM = [
  `
local reply = { text(now), 0, 0, '', #answer }
for _, item in ipairs(answer) do reply[#reply + 1] = item end

local function head(key) return redis.call('ZRANGE', key, 0, 0, 'WITHSCORES') end`,
  // Moves what is due in a sorted set to the queue, with the place and the record that `rewrite` gives it; gives how many
  // those are, and what is the first now. Before the priority in a record are the letter and the place, 19 characters.
  `
local function move(key, first, rewrite)
  if not first[2] or tonumber(first[2]) > now then return 0, first end
  local members = redis.call('ZRANGEBYSCORE', key, '-inf', text(now), 'LIMIT', 0, ${MOST_MOVED})
  local tokens, ids, fields, records, queued, n = {}, {}, {}, {}, {}, 0
  for i, member in ipairs(members) do
    local token, _, id = nil, nil, idOf(member)
    if key == running then token, _, id = readReceipt(member) end
    tokens[i], ids[i], fields[i] = token, id, 'r' .. id
  end
  for i, record in ipairs(fetch(messages, fields)) do
    if record then
      local place, new = rewrite(record, tokens[i])
      records[n + 1], records[n + 2] = fields[i], new
      queued[n + 1], queued[n + 2] = scoreOf(string.match(record, '^%S+ %S+ %S+ %S+ %S+ (%S+)', 20)), place .. ids[i]
      n = n + 2
    end
  end
  send('ZREM', key, members)
  send('HSET', messages, records)
  gained = gained + send('ZADD', ready, queued)
  return #members, head(key)
end

local popped = 0
local upcoming = (limit >= 0 or next(scheduled)) and head(schedule) or {}
if limit >= 0 then
  local back
  reply[2], upcoming = move(schedule, upcoming, function(record)
    back = (back or redis.call('INCRBY', sequence, ${MOST_MOVED}) - ${MOST_MOVED}) + 1
    local place = placeAs(back)
    return place, (string.byte(record) == ${"t".charCodeAt(0)} and 'p ' or 'q ') .. place .. string.sub(record, 19)
  end)`,
  // What comes back keeps its place: it has waited longer than those behind it. Its token is good until it is handed out
  // again. The first version has counted the hand-out already, and has kept the token.
  `
  local lapse
  reply[3], lapse = move(running, head(running), function(record, token)
    local letter, place, deliveries, old, rest = string.match(record, '^(%a) (%d+) (%d+) (%S+) (.*)$')
    if token then deliveries = string.format('%d', deliveries + 1) end
    letter = letter == 'p' and 'p ' or 'q '
    return place, letter .. place .. ' ' .. deliveries .. ' ' .. (token or old) .. ' ' .. rest
  end)
  local soonest = math.min(tonumber(upcoming[2]) or math.huge, tonumber(lapse[2]) or math.huge)

  local members, fields = limit > 0 and redis.call('ZPOPMIN', ready, string.format('%.0f', limit)) or {}, {}
  popped = #members / 2
  for i = 1, popped do
    fields[i] = 'r' .. idOf(members[2 * i - 1])
  end
  if popped > 0 then`,
  MARKS + PARTS,
  `
    local records, leases, special, answered, bodies = fetch(messages, fields), {}, {}, {}, {}
    local lapse, marked, tail = text(now + lease), hasMarks(), token .. '.'
    reply[#reply + 1] = marked and 1 or 0
    for i = 1, popped do
      local record, member = records[i], members[2 * i - 1]
      -- A member without a record is what a hand has left behind that removed keys of ours.
      if record then
        local isPlain = string.byte(record) == ${"p".charCodeAt(0)}
        leases[#leases + 1] = lapse
        leases[#leases + 1] = (isPlain and '~' or '^') .. tail .. member
        if marked or not isPlain then
          local parts, name = string.match(record, '^%a %d+ %d+ %S+ %S+ %S+ (%S+) %S+ %S (.*)$')
          if isPlain then name = string.match(name, '^[^\\n]*') end
          local entry = { id = idOf(member), parts = parts, name = name }
          special[i], answered[#answered + 1] = entry, entry
          if not isPlain then
            bodies[#bodies + 1] = 'b' .. entry.id
            entry.body = #bodies
          end
        end
      end
    end
    local marks, filled = marked and marksOf(answered), partsOf(answered)
    local partFields = {}
    for _, entry in ipairs(answered) do
      local list = filled[entry.id]
      if list then
        local indices = {}
        for index in string.gmatch(string.match(list, ',.*'), '[^,]+') do indices[#indices + 1] = index end
        table.sort(indices, function(a, b) return tonumber(a) < tonumber(b) end)
        entry.from, entry.count = #partFields, #indices
        for _, index in ipairs(indices) do partFields[#partFields + 1] = partField(entry.id, index) end
      end
    end
    local partValues = fetch(messages, partFields)
    bodies = fetch(messages, bodies)
    for i = 1, popped do
      if records[i] then
        local entry, n = special[i], #reply
        reply[n + 1], reply[n + 2] = members[2 * i - 1], records[i]
        if entry and entry.body then reply[n + 3] = bodies[entry.body] or '~' end
        if marked then marks(reply, entry) end
        if entry and entry.body then
          reply[#reply + 1] = entry.count or 0
          for n = 1, entry.count or 0 do reply[#reply + 1] = partValues[entry.from + n] end
        end
      end
    end
    if #leases > 0 then soonest = math.min(soonest, now + lease) end
    send('ZADD', running, leases)
  end
  if soonest < math.huge then reply[4] = text(soonest) end
end`,
].join("");

/** Wakes those who wait. */
const END = [
  // Whoever waits for work has found the queue empty, or was told that there may be more. So it is enough to tell when the
  // queue stops being empty, and when the next instant becomes sooner. That nobody may be told is no reason to fail.
  `
if channel ~= '' then
  local isNews = gained > 0 and redis.call('ZCARD', ready) or 0
  if isNews > 0 and isNews + popped <= gained then
    redis.pcall('PUBLISH', channel .. 'work', '')
  elseif upcoming[1] and scheduled[idOf(upcoming[1])] then
    redis.pcall('PUBLISH', channel .. 'work', upcoming[2])
  end
  if next(written) then redis.pcall('PUBLISH', channel .. 'keys', cjson.encode(written)) end
end
return reply`,
].join("");

/** The whole of it. */
export const EXCHANGE: string = APPLY + CLAIM + END;

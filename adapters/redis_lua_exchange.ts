/**
 * The Lua of an exchange, in the order in which it runs: read the request, settle and add, claim, answer. What the answer
 * is is in `redis_reply.ts`.
 */
import { REQUEST_MEMORY } from "../src/storage.ts";
import { FIRST_SPACE } from "./redis_keys.ts";
import { CHANGES, REQUEST } from "./redis_lua_settle.ts";

/** How many messages one exchange promotes, and how many it recovers: the server belongs to others too. */
const MOST_MOVED = 500;

/** Settles and adds, unless this request has been here before. */
const APPLY = [
  `
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
end

local answer, gained = { 's' }, 0
if settles + adds > 0 then
  local settlements = {}
  for i = 1, settles do settlements[i] = takeSettlement() end
  local enqueue = takeMessages(adds)
  reserved = #wanted
  load(wanted)
  loadHolds()
  local found = {}
  for _, id in ipairs(wanted) do found[#found + 1] = entries[id] or nil end
  lists = partsOf(found)

  local settled = { 's' }
  for i, settlement in ipairs(settlements) do settled[i + 1] = settle(settlement) and '1' or '0' end
  answer = { table.concat(settled) }
  for i, message in ipairs(enqueue) do answer[i + 1] = add(message) end
  local known = request and recall(answer)
  if known then
    -- Nothing of this happens again.
    answer = unpackAll(known)
    hashes, sets, entries, touched, written, scheduled = {}, {}, {}, {}, {}, false
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
  // Moves what is due in a sorted set to the queue; gives how many those are, and what is the first now.
  `
local function move(key, first, change)
  if not first[2] or tonumber(first[2]) > now then return 0, first end
  local members, ids = redis.call('ZRANGEBYSCORE', key, '-inf', text(now), 'LIMIT', 0, ${MOST_MOVED}), {}
  for i, member in ipairs(members) do ids[i] = idOf(member) end
  load(ids)
  for i, id in ipairs(ids) do
    local entry = entries[id]
    if entry then
      entry.line = key
      touch(entry)
      entry.state = 'q'
      if change then change(entry) end
    else
      rank(key, members[i], false)
    end
  end
  place()
  gained = gained + flush()
  return #members, head(key)
end

local popped = 0
local upcoming = (limit >= 0 or scheduled) and head(schedule) or {}
if limit >= 0 then
  placed, reserved = nil, ${MOST_MOVED}
  reply[2], upcoming = move(schedule, upcoming, function(entry) entry.place = back() end)
  local lapse
  reply[3], lapse = move(running, head(running))
  -- What comes back keeps its place: it has waited longer than those behind it.
  local next = math.min(tonumber(upcoming[2]) or math.huge, tonumber(lapse[2]) or math.huge)

  local members = limit > 0 and redis.call('ZPOPMIN', ready, string.format('%.0f', limit)) or {}
  local ids, found, bodyOf = {}, {}, {}
  for i = 1, #members, 2 do ids[#ids + 1] = idOf(members[i]) end
  popped = #ids
  local bodies = load(ids, 'b')
  for i, id in ipairs(ids) do
    -- A member without a record is what a hand has left behind that removed keys of ours.
    if entries[id] then found[#found + 1] = entries[id] end
    bodyOf[id] = bodies[i] or '~'
  end
  if #found > 0 then
    local marks, filled = marksOf(found), partsOf(found)
    local partFields, partsFrom = {}, {}
    for _, entry in ipairs(found) do
      if filled[entry.id] then
        local indices = {}
        for index in string.gmatch(string.match(filled[entry.id], ',.*'), '[^,]+') do indices[#indices + 1] = index end
        table.sort(indices, function(a, b) return tonumber(a) < tonumber(b) end)
        partsFrom[entry.id] = { #partFields + 1, #partFields + #indices }
        for _, index in ipairs(indices) do partFields[#partFields + 1] = partField(entry.id, index) end
      end
    end
    local values = fetch(messages, partFields)
    local lapse = text(now + lease)
    next = math.min(next, now + lease)
    for _, entry in ipairs(found) do
      entry.line = nil
      touch(entry)
      entry.state, entry.token, entry.lapse, entry.deliveries = 'r', token, lapse, entry.deliveries + 1
      entry.stored = write(entry)
      reply[#reply + 1] = entry.place .. entry.id
      reply[#reply + 1] = entry.stored
      reply[#reply + 1] = bodyOf[entry.id]
      marks(reply, entry)
      local range = partsFrom[entry.id] or { 1, 0 }
      reply[#reply + 1] = range[2] - range[1] + 1
      for i = range[1], range[2] do reply[#reply + 1] = values[i] end
    end
  end
  if next < math.huge then reply[4] = text(next) end
end`,
].join("");

/** Writes the rest, and wakes those who wait. */
const END = [
  `
place()
record()
flush()`,
  // Whoever waits for work has found the queue empty, or was told that there may be more. So it is enough to tell when the
  // queue stops being empty, and when the next instant becomes sooner. That nobody may be told is no reason to fail.
  `
if channel ~= '' then
  if gained > 0 then
    local left = redis.call('ZCARD', ready)
    if left > 0 and left + popped <= gained then
      redis.pcall('PUBLISH', channel .. 'work', '')
      scheduled = false
    end
  end
  if scheduled and upcoming[1] then
    local first = entries[idOf(upcoming[1])]
    if first and first.recorded then redis.pcall('PUBLISH', channel .. 'work', upcoming[2]) end
  end
  if #written > 0 then redis.pcall('PUBLISH', channel .. 'keys', cjson.encode(written)) end
end
return reply`,
].join("");

/** The whole of it. */
export const EXCHANGE: string = REQUEST + CHANGES + APPLY + CLAIM + END;

/**
 * The Lua that settles and adds: how a request is read, and what can become of a message. What the arguments are is in
 * `redis_request.ts`.
 */
import { FIRST_SPACE } from "./redis_keys.ts";

/** Reads the arguments. Nothing is looked up yet, so `wanted` gathers the ids that will be. */
export const REQUEST: string = [
  `
local at = 3
local function take()
  at = at + 1
  return ARGV[at]
end

local wanted, heldKeys = {}, {}
local function want(id) wanted[#wanted + 1] = id end

local function takeMessage()
  local eta, delay, parts, priority, unique, name = string.match(take(), '^(%S+) (%S+) (%S+) (%S+) (%S+) (.*)$')
  local body
  if plain == '1' then
    name, body = string.match(name, '^([^\\n]*)\\n(.*)$')
  else
    body = take()
  end
  return { id = false, eta = eta, delay = delay, parts = parts, priority = priority, unique = unique,
    name = name, body = body }
end

local function takeMessages(count)
  local list = {}
  for i = 1, count do
    local id = take()
    list[i] = takeMessage()
    list[i].id = id
    if list[i].unique ~= '-' then
      list[i].key = take()
      heldKeys[#heldKeys + 1] = list[i].key
    end
    want(id)
  end
  return list
end

local receipts = {}
local function holdReceipt(settlement, receipt)
  settlement.receipt, receipts[#receipts + 1] = receipt, receipt
  settlement.token, settlement.member, settlement.id = readReceipt(receipt)
  want(settlement.id)
end

local function takeSettlement()
  local kind, how, writes, adds, joins = string.match(take(), '^(%a)(%a) (%d+) (%d+) (%d+)$')
  local settlement = { kind = kind, how = how, writes = {}, joins = {} }
  if kind == 'r' then
    holdReceipt(settlement, take())
  else
    settlement.states, settlement.id = string.match(take(), '^(%a*) (.*)$')
    want(settlement.id)
  end
  if how == 't' then
    settlement.retry = takeMessage()
  elseif how == 'l' or how == 'm' then
    settlement.eta, settlement.delay = string.match(take(), '^(%S+) (%S+)$')
    if how == 'm' then settlement.body = take() end
  elseif how == 'b' then
    settlement.note = take()
  end
  for i = 1, tonumber(writes) do
    local space, index, ttl = string.match(take(), '^(%a+) (%d+) (%S+)$')
    local write = { space = space, at = ${FIRST_SPACE} + 2 * tonumber(index), ttl = ttl, key = take() }
    if ttl ~= 'x' then write.value = take() end
    settlement.writes[i] = write
  end
  settlement.enqueue = takeMessages(tonumber(adds))
  for i = 1, tonumber(joins) do
    local index, id = string.match(take(), '^(%S+) (.*)$')
    settlement.joins[i] = { id = id, index = index, value = take() }
    want(id)
  end
  return settlement
end`,
  // In the plain case the arguments are fewer.
  `
local settlements, enqueue, takeOne = {}, {}, takeSettlement
if plain == '1' then
  local space, index, ttl = string.match(take(), '^(%a+) (%d+) (%S+)$')
  takeOne = function()
    local settlement = { kind = 'r', how = 'f', writes = {}, enqueue = {}, joins = {} }
    holdReceipt(settlement, take())
    local value = take()
    if value ~= '' then
      settlement.writes[1] = { space = space, at = ${FIRST_SPACE} + 2 * index, ttl = ttl, key = settlement.id, value = value }
    end
    return settlement
  end
end
for i = 1, settles do settlements[i] = takeOne() end
enqueue = takeMessages(adds)`,
].join("");

/** What can become of a message. */
export const CHANGES: string = [
  `
local placed, reserved = nil, #wanted`,
  // The next place at the back. Places are reserved once for the whole request; that some are never used is no harm.
  `
local function back()
  if not placed then placed = redis.call('INCRBY', sequence, reserved) - reserved end
  placed = placed + 1
  return placeAs(placed)
end

local holdOf, lists = {}, {}

local function loadHolds()
  local ids, keys = {}, heldKeys
  for _, id in ipairs(wanted) do
    local entry = entries[id]
    if entry and entry.unique == 'u' then ids[#ids + 1] = id end
  end
  for i, key in ipairs(load(ids, 'u')) do
    entries[ids[i]].key = key
    if key then keys[#keys + 1] = key end
  end
  for i, hold in ipairs(fetch(holds, keys)) do
    if hold then
      local ended, expiry, id = string.match(hold, '^(%a)(%S*) (.*)$')
      holdOf[keys[i]] = { id = id, expiry = tonumber(expiry), ended = ended == 'e' }
    end
  end
end

local held = {}
local function loadHeld()
  for i, score in ipairs(scores(running, receipts)) do held[receipts[i]] = score end
end

local function hold(key, value)
  holdOf[key] = value
  if value then
    set(holds, key, (value.ended and 'e' or 'h') .. (value.expiry and text(value.expiry) or '') .. ' ' .. value.id)
    rank(ended, key, value.ended and text(value.expiry))
  else
    set(holds, key, false)
    rank(ended, key, false)
  end
end`,
  // The hold of this message, unless another has the key by now.
  `
local function ownHold(entry)
  local own = entry.key and holdOf[entry.key]
  return own and own.id == entry.id and own
end`,
  // A message that is finished keeps its key only up to the instant that was given.
  `
local function endHold(entry)
  local own = ownHold(entry)
  if not own or own.ended then return end
  own.ended = own.expiry and now < own.expiry
  hold(entry.key, own.ended and own)
end

local function resumeHold(entry)
  local own = ownHold(entry)
  if not own or not own.ended or own.expiry <= now then return end
  own.ended = false
  hold(entry.key, own)
end`,
  // To the back of the queue or of the schedule.
  `
local function line(entry)
  if entry.delay ~= '-' then entry.eta = text(now + entry.delay) end
  entry.delay = '-'
  entry.place = back()
  entry.state = entry.eta ~= '-' and tonumber(entry.eta) > now and 's' or 'q'
  scheduled[entry.id] = entry.state == 's' or nil
end

local function drop(entry)
  local id = entry.id
  touch(entry)
  entries[id] = false
  forget(entry, lists[id])
  lists[id] = nil
end

local function add(message)
  local id, key = message.id, message.key
  local there = entries[id]
  if there and there.state ~= 'd' then return '-' .. id end
  local held = key and holdOf[key]
  if held and not (held.ended and held.expiry <= now) then return '-' .. held.id end
  if there then drop(there) end
  local entry = { id = id, touched = false, deliveries = 0, token = '-', eta = message.eta, delay = message.delay,
    parts = message.parts, priority = message.priority, unique = key and 'u' or '-', key = key, name = message.name,
    body = message.body }
  entries[id] = entry
  touch(entry)
  if key then
    set(messages, 'u' .. id, key)
    hold(key, { id = id, expiry = tonumber(message.unique), ended = false })
  end
  if entry.parts == '-' or entry.parts == '0' then
    line(entry)
  else
    lists[id] = '0,'
    entry.state, entry.place = 'w', back()
  end
  return '+' .. id
end

local function join(part)
  local entry, list = entries[part.id], lists[part.id]
  if not entry or entry.state ~= 'w' or string.find(list, ',' .. part.index .. ',', 1, true) then return end
  local count, places = string.match(list, '^(%d+)(.*)$')
  list = string.format('%d', count + 1) .. places .. part.index .. ','
  lists[part.id] = list
  set(messages, 'l' .. part.id, list)
  set(messages, partField(part.id, part.index), part.value)
  if count + 1 < tonumber(entry.parts) then return end
  touch(entry)
  line(entry)
end

-- Whoever has a receipt holds the message, and so does he whose lease has lapsed until it is handed out again.
local function isHolder(settlement, entry)
  if held[settlement.receipt] then
    held[settlement.receipt] = false
    entry.line, entry.member = running, settlement.receipt
    return true
  end
  return entry.token == settlement.token and entry.place .. entry.id == settlement.member and entry.state == 'q'
end

local function finish(settlement)
  local entry = settlement.id and entries[settlement.id]
  if not entry then return false end
  if settlement.kind == 'r' then
    if not isHolder(settlement, entry) then return false end
  elseif not string.find(settlement.states, entry.state, 1, true) then
    return false
  end
  local was, how = entry.state, settlement.how
  if how == 'f' then
    endHold(entry)
    drop(entry)
    return true
  end
  touch(entry)
  entry.token = '-'
  if was == 'd' then set(messages, 'n' .. entry.id, false) end
  if how == 'b' then
    endHold(entry)
    entry.state, entry.place = 'd', back()
    set(messages, 'n' .. entry.id, settlement.note)
    return true
  end
  resumeHold(entry)
  local timed = settlement.eta ~= '-' or settlement.delay ~= '-'
  if how == 't' then
    local retry = settlement.retry
    entry.eta, entry.delay, entry.priority, entry.name = retry.eta, retry.delay, retry.priority, retry.name
    entry.deliveries, entry.body = 0, retry.body
  else
    if settlement.kind == 'r' then entry.deliveries = entry.deliveries - 1 end
    if timed then entry.eta, entry.delay = settlement.eta, settlement.delay end
    entry.body = settlement.body or entry.body
  end
  -- What waits goes on waiting, for its parts are still to come; a dead letter has no place to keep.
  if was == 'w' then return true end
  if how == 't' or timed or was == 'd' then
    line(entry)
  else
    entry.state = was == 's' and 's' or 'q'
  end
  return true
end

local function settle(settlement)
  if not finish(settlement) then return false end
  for _, write in ipairs(settlement.writes) do
    local values, expiries, expiry = KEYS[write.at], KEYS[write.at + 1], tonumber(write.ttl)
    expiry = expiry and text(now + expiry)
    set(values, write.key, write.value and (expiry or '') .. write.value or false)
    rank(expiries, write.key, expiry or false)
    if write.value then
      if not written[write.space] then written[write.space] = {} end
      table.insert(written[write.space], write.key)
    end
  end
  -- Messages before parts, so that a part may go to a message that is only added here.
  for _, message in ipairs(settlement.enqueue) do add(message) end
  for _, part in ipairs(settlement.joins) do join(part) end
  return true
end`,
].join("");

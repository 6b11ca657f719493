/**
 * The Lua for messages one by one, for whatever can become of them. It gathers what is to be written, and writes all of it
 * in a few commands.
 */
import { LARGEST_INLINE } from "./redis_keys.ts";

/** Needs `MESSAGES` and `PARTS`. */
export const RECORDS: string = [
  `
local LINES = { q = ready, s = schedule, r = running, w = waiting, d = dead }
local STATES = { p = 'q', t = 's' }

local function read(id, record)
  local letter, place, deliveries, token, eta, delay, parts, priority, unique, name =
    string.match(record, '^(%a) (%d+) (%d+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S) (.*)$')
  local state, body = STATES[letter], nil
  if state then name, body = string.match(name, '^([^\\n]*)\\n(.*)$') end
  state = state or letter
  return { id = id, state = state, place = place, deliveries = deliveries, token = token, eta = eta, delay = delay,
    parts = parts, priority = priority, unique = unique, name = name, line = LINES[state], member = place .. id,
    body = body, isApart = not body, touched = false }
end

local function letterOf(entry)
  local letter = entry.state == 'q' and 'p' or entry.state == 's' and 't'
  local isPlain = letter and entry.parts == '-' and entry.unique == '-' and entry.body and
    #entry.body <= ${LARGEST_INLINE} and not string.find(entry.name, '\\n', 1, true)
  return isPlain and letter or entry.state
end

local function write(entry, letter)
  return letter .. ' ' .. entry.place .. ' ' .. entry.deliveries .. ' ' .. entry.token .. ' ' .. entry.eta .. ' ' ..
    entry.delay .. ' ' .. entry.parts .. ' ' .. entry.priority .. ' ' .. entry.unique .. ' ' .. entry.name
end`,
  `
local function score(entry)
  if entry.state == 'q' then return scoreOf(entry.priority) end
  return entry.state == 's' and entry.eta or entry.state == 'r' and entry.lapse or '0'
end`,
  // What is to be written: by key and field (or member) the value (or score), or false where it is to be removed.
  `
local hashes, sets = {}, {}

local function set(key, field, value)
  if not hashes[key] then hashes[key] = {} end
  hashes[key][field] = value
end

local function rank(key, member, value)
  if not sets[key] then sets[key] = {} end
  sets[key][member] = value
end`,
  // Writes all of it. Gives how many members the queue has gained. First it removes: a server whose memory is full lets
  // a script write as soon as it has, so that what is finished can still make room.
  `
local function flush()
  local gained, additions = 0, {}
  for key, fields in pairs(hashes) do
    local old, new = {}, {}
    for field, value in pairs(fields) do
      if value then
        new[#new + 1] = field
        new[#new + 1] = value
      else
        old[#old + 1] = field
      end
    end
    send('HDEL', key, old)
    additions[#additions + 1] = { 'HSET', key, new }
  end
  for key, members in pairs(sets) do
    local old, new = {}, {}
    for member, value in pairs(members) do
      if value then
        new[#new + 1] = value
        new[#new + 1] = member
      else
        old[#old + 1] = member
      end
    end
    local removed = send('ZREM', key, old)
    if key == ready then gained = gained - removed end
    additions[#additions + 1] = { 'ZADD', key, new }
  end
  for _, addition in ipairs(additions) do
    local added = send(unpack(addition))
    if addition[2] == ready then gained = gained + added end
  end
  hashes, sets = {}, {}
  return gained
end

local entries, touched = {}, {}`,
  // Brings the records of these messages here, but for those that are here already. Gives their fields of another kind,
  // where one is named.
  `
local function load(ids, kind)
  local missing, fields, others = {}, {}, {}
  for _, id in ipairs(ids) do
    if entries[id] == nil then
      entries[id] = false
      missing[#missing + 1] = id
      fields[#fields + 1] = 'r' .. id
    end
  end
  if kind then
    for _, id in ipairs(ids) do fields[#fields + 1] = kind .. id end
  end
  for i, value in ipairs(fetch(messages, fields)) do
    local id = missing[i]
    if not id then
      others[i - #missing] = value
    elseif value then
      entries[id] = read(id, value)
    end
  end
  return others
end`,
  // Those that are said to be queued and are not are running. This hand-out is counted, unless the record does so already.
  `
local function locate(ids)
  local queued, members = {}, {}
  for _, id in ipairs(ids) do
    local entry = entries[id]
    if entry and entry.state == 'q' and not entry.located then
      entry.located = true
      queued[#queued + 1] = entry
      members[#members + 1] = entry.member
    end
  end
  for i, there in ipairs(scores(ready, members)) do
    local entry = queued[i]
    if not there then
      entry.state, entry.token, entry.line, entry.deliveries = 'r', '-', false, string.format('%d', entry.deliveries + 1)
    end
  end
end`,
  // To be called before anything changes that a message is ordered by.
  `
local function touch(entry)
  if entry.line then rank(entry.line, entry.member, false) end
  entry.line = nil
  if not entry.touched then touched[#touched + 1] = entry end
  entry.touched = true
end`,
  // Everybody who was touched takes the place that is his now.
  `
local function place()
  for _, entry in ipairs(touched) do
    if entries[entry.id] == entry and not entry.line then
      entry.line, entry.member = LINES[entry.state], entry.place .. entry.id
      rank(entry.line, entry.member, score(entry))
    end
  end
end

local function record()
  for _, entry in ipairs(touched) do
    if entries[entry.id] == entry then
      local letter = letterOf(entry)
      local record = write(entry, letter)
      if letter ~= entry.state then
        record = record .. '\\n' .. entry.body
        if entry.isApart then set(messages, 'b' .. entry.id, false) end
      elseif entry.body then
        set(messages, 'b' .. entry.id, entry.body)
      end
      entry.isApart = letter == entry.state
      set(messages, 'r' .. entry.id, record)
    end
    entry.touched = false
  end
  touched = {}
end`,
  // Removes all that is kept of a message, but for its place.
  `
local function forget(entry, list)
  local id = entry.id
  set(messages, 'r' .. id, false)
  if entry.isApart then set(messages, 'b' .. id, false) end
  if entry.state == 'd' then set(messages, 'n' .. id, false) end
  if entry.unique == 'u' then set(messages, 'u' .. id, false) end
  if not list then return end
  set(messages, 'l' .. id, false)
  for index in string.gmatch(string.match(list, ',.*'), '[^,]+') do set(messages, partField(id, index), false) end
end`,
].join("");

import { FIRST_SPACE } from "./redis_keys.ts";
import { BASE, MARKS, MESSAGES, PARTS, VALUES } from "./redis_lua.ts";
import { EXCHANGE } from "./redis_lua_exchange.ts";
import { RECORDS } from "./redis_lua_records.ts";

/** How many messages `flush` removes, and `list` is asked for, in one go. */
export const MOST_AT_ONCE = 1_000;

/*
 * Each script is given the time as its first argument (empty: the server's), touches no key that it is not given, and answers
 * with a flat list of strings and small whole numbers, which all clients show alike. A string of ours that could be
 * taken for JSON (a body, a value, a note) begins with a tilde.
 */

/** Keys: the messages', those of the spaces that are written to, that of the request's answer. */
const exchange = BASE + VALUES + MESSAGES + EXCHANGE;

/**
 * Keys: the messages'. Arguments: the lease, receipts. Answers for each whether it is held, with its marks. A message that is
 * back in the queue is taken out of it again, if it has not been handed out since.
 */
const renew = BASE + VALUES + MESSAGES + MARKS + PARTS + RECORDS + `
local receipts, leases, lapse = {}, {}, text(now + ARGV[2])
for i = 3, #ARGV do receipts[i - 2] = ARGV[i] end
local held, back = scores(running, receipts), {}
for i, receipt in ipairs(receipts) do
  local _, _, id = readReceipt(receipt)
  if not held[i] then back[#back + 1] = id end
end
load(back)
locate(back)
for i, receipt in ipairs(receipts) do
  local token, member, id = readReceipt(receipt)
  local entry = entries[id]
  if not held[i] and entry and entry.state == 'q' and entry.token == token and entry.member == member then
    touch(entry)
    entry.token, entry.deliveries, entry.line = '-', entry.deliveries - 1, running
    held[i] = true
  end
  if held[i] then
    leases[#leases + 1] = lapse
    leases[#leases + 1] = receipt
  end
end
record()
flush()
send('ZADD', running, leases)

local reply, found, marks = {}, {}, nil
if hasMarks() then
  local fields = {}
  for i, receipt in ipairs(receipts) do
    local _, _, id = readReceipt(receipt)
    found[i], fields[i] = { id = id, name = '' }, 'r' .. id
  end
  for i, kept in ipairs(fetch(messages, fields)) do
    found[i].name = kept and read(receipts[i], kept).name or ''
  end
  marks = marksOf(found)
end
for i = 1, #receipts do
  if not held[i] then
    reply[#reply + 1] = -1
  elseif marks then
    marks(reply, found[i])
  else
    reply[#reply + 1] = 0
  end
end
return reply
`;

/** Keys: the messages'. Arguments: an id. Answers with nothing, or with the message, its body and its note. */
const find = BASE + MESSAGES + RECORDS + `
local body = load({ ARGV[2] }, 'b')[1]
local entry = entries[ARGV[2]]
if not entry then return {} end
locate({ ARGV[2] })
local note = entry.state == 'd' and load({ entry.id }, 'n')[1]
return { entry.place .. entry.id, write(entry, entry.state), entry.body or body or '~', note or '' }
`;

/** Keys: the messages'. Arguments: the state's letter, how many to leave out, and how many to show. Answers as `find`. */
const list = BASE + MESSAGES + RECORDS + `
local members = redis.call(ARGV[2] == 'd' and 'ZREVRANGE' or 'ZRANGE', LINES[ARGV[2]], ARGV[3], ARGV[3] + ARGV[4] - 1)
local ids, reply = {}, {}
for i, member in ipairs(members) do
  local _, _, id = readReceipt(member)
  ids[i] = id
end
local texts = load(ids, 'b')
locate(ids)
local remarks = ARGV[2] == 'd' and load(ids, 'n') or {}
for i, id in ipairs(ids) do
  local entry = entries[id]
  if entry then
    reply[#reply + 1] = entry.place .. id
    reply[#reply + 1] = write(entry, entry.state)
    reply[#reply + 1] = entry.body or texts[i] or '~'
    reply[#reply + 1] = remarks[i] or ''
  end
end
return reply
`;

/** Keys: the messages', and those of the results. Answers with the six numbers. */
const counts = BASE + MESSAGES + `
local values, expiries = KEYS[#KEYS - 1], KEYS[#KEYS]
local reply = {}
for i, line in ipairs({ ready, schedule, waiting, running, dead }) do reply[i] = redis.call('ZCARD', line) end
reply[6] = redis.call('HLEN', values) - redis.call('ZCOUNT', expiries, '-inf', text(now))
return reply
`;

/**
 * Keys: the messages', and those of the spaces to be cleared. Arguments: the states' letters, and `u` for the unique keys of
 * what is finished. Removes a number of each, and answers whether there may be more.
 */
const flush = BASE + MESSAGES + PARTS + RECORDS + `
local more, ids, found, keyed = 0, {}, {}, {}
for letter in string.gmatch(ARGV[2], '%a') do
  local line = LINES[letter] or ended
  local members = redis.call('ZRANGE', line, 0, ${MOST_AT_ONCE - 1})
  if #members == ${MOST_AT_ONCE} then more = 1 end
  for _, member in ipairs(members) do
    rank(line, member, false)
    if line == ended then
      set(holds, member, false)
    else
      local _, _, id = readReceipt(member)
      ids[#ids + 1] = id
    end
  end
end
load(ids)
for _, id in ipairs(ids) do
  local entry = entries[id]
  if entry then
    found[#found + 1] = entry
    if entry.unique == 'u' then keyed[#keyed + 1] = id end
  end
end
local keys = load(keyed, 'u')
for i, hold in ipairs(fetch(holds, keys)) do
  if hold and string.match(hold, '^%S* (.*)$') == keyed[i] then
    set(holds, keys[i], false)
    rank(ended, keys[i], false)
  end
end
local lists = partsOf(found)
for _, entry in ipairs(found) do forget(entry, lists[entry.id]) end
flush()
if #KEYS >= ${FIRST_SPACE} then redis.call('UNLINK', unpack(KEYS, ${FIRST_SPACE})) end
return { more }
`;

/**
 * Keys: the two of a space. Arguments: "absent" or nothing, the value that must be there or nothing, the ttl or nothing,
 * the key, the value; the channel or nothing, the space. Answers whether the value was written.
 */
const put = BASE + VALUES + `
local values, expiries, key = KEYS[1], KEYS[2], ARGV[5]
if ARGV[2] ~= '' or ARGV[3] ~= '' then
  local there = living(redis.call('HGET', values, key))
  if ARGV[2] ~= '' and there then return { 0 } end
  if ARGV[3] ~= '' and (not there or string.match(there, '~.*') ~= ARGV[3]) then return { 0 } end
end
local expiry = ARGV[4] ~= '' and text(now + ARGV[4])
redis.call('HSET', values, key, (expiry or '') .. ARGV[6])
if expiry then
  redis.call('ZADD', expiries, expiry, key)
else
  redis.call('ZREM', expiries, key)
end
sweep(values, expiries, 100)
if ARGV[7] ~= '' then redis.pcall('PUBLISH', ARGV[7], cjson.encode({ [ARGV[8]] = { key } })) end
return { 1 }
`;

/** Keys: the two of a space. Arguments: keys. Answers for each with the value, or with nothing. */
const peek = BASE + VALUES + `
local keys, reply = {}, {}
for i = 2, #ARGV do keys[i - 1] = ARGV[i] end
for i, stored in ipairs(fetch(KEYS[1], keys)) do reply[i] = living(stored) or '' end
return reply
`;

/** Keys: the two of a space. Answers with its keys, each after a tilde, and their values. */
const entries = BASE + VALUES + `
local all, reply = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #all, 2 do
  if living(all[i + 1]) then
    reply[#reply + 1] = '~' .. all[i]
    reply[#reply + 1] = all[i + 1]
  end
end
return reply
`;

/** Keys: the two of a space. Arguments: the value that must be there or nothing, the key. Answers with what is removed. */
const take = BASE + VALUES + `
local values, expiries, key = KEYS[1], KEYS[2], ARGV[3]
local stored = redis.call('HGET', values, key)
local there = living(stored)
if not stored or there and ARGV[2] ~= '' and string.match(there, '~.*') ~= ARGV[2] then return {} end
redis.call('HDEL', values, key)
redis.call('ZREM', expiries, key)
return { there or nil }
`;

/** Keys: the two of a space. Arguments: by how much, the ttl or nothing, the key; the channel or nothing, the space. Answers with the sum. */
const increment = BASE + VALUES + `
local values, expiries, key = KEYS[1], KEYS[2], ARGV[4]
local there = living(redis.call('HGET', values, key))
local expiry, sum = '', 0
if there then
  expiry, sum = string.match(there, '^([^~]*)~(.*)$')
elseif ARGV[3] ~= '' then
  expiry = text(now + ARGV[3])
end
sum = string.format('%.0f', (tonumber(sum) or 0) + ARGV[2])
redis.call('HSET', values, key, expiry .. '~' .. sum)
if not there then
  if expiry ~= '' then
    redis.call('ZADD', expiries, expiry, key)
  else
    redis.call('ZREM', expiries, key)
  end
  sweep(values, expiries, 100)
end
if ARGV[5] ~= '' then redis.pcall('PUBLISH', ARGV[5], cjson.encode({ [ARGV[6]] = { key } })) end
return { '~' .. sum }
`;

/** What a script is for. */
export type Operation =
  | "exchange"
  | "renew"
  | "find"
  | "list"
  | "counts"
  | "flush"
  | "put"
  | "peek"
  | "entries"
  | "take"
  | "increment";

/** The scripts, one for each operation. */
export const SCRIPTS: Readonly<Record<Operation, string>> = {
  exchange,
  renew,
  find,
  list,
  counts,
  flush,
  put,
  peek,
  entries,
  take,
  increment,
};

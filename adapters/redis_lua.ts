/**
 * The Lua that the scripts have in common.
 *
 * Scripts are not undone when they fail half way, so they first read, then decide, and then write. They write through
 * a buffer: the number of commands does not depend on how much is in a request.
 */
import { MESSAGE_KEYS } from "./redis_keys.ts";

/** Time, and commands with many arguments. `ARGV[1]` is the time, or empty for the server's. */
export const BASE: string = [
  `
local function text(number) return string.format('%.17g', number) end

local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end`,
  // Lua's stack holds some thousands of arguments, so more than that are sent in pieces. Gives the sum of the answers.
  `
local function send(command, key, arguments)
  local sum = 0
  for i = 1, #arguments, 2000 do
    sum = sum + redis.call(command, key, unpack(arguments, i, math.min(i + 1999, #arguments)))
  end
  return sum
end

local function fetch(key, fields)
  if #fields == 0 then return {} end
  if #fields <= 2000 then return redis.call('HMGET', key, unpack(fields)) end
  local values = {}
  for i = 1, #fields, 2000 do
    for _, value in ipairs(redis.call('HMGET', key, unpack(fields, i, math.min(i + 1999, #fields)))) do
      values[#values + 1] = value
    end
  end
  return values
end`,
  // The scores of these members, false for one that is not there. A server before Redis 6.2 is asked for each.
  `
local function scores(key, members)
  if #members == 0 then return {} end
  local all = {}
  for i = 1, #members, 2000 do
    local last = math.min(i + 1999, #members)
    local found = redis.pcall('ZMSCORE', key, unpack(members, i, last))
    if found.err then
      found = {}
      for n = i, last do found[n - i + 1] = redis.call('ZSCORE', key, members[n]) end
    end
    if #members <= 2000 then return found end
    for n, value in ipairs(found) do all[i + n - 1] = value end
  end
  return all
end`,
].join("");

/** Values. One is stored as the instant it expires, a tilde, and itself: no client takes that for JSON or a number. */
export const VALUES: string = [
  // A stored value, or false if there is none or it has expired.
  `
local function living(stored)
  if not stored then return false end
  local expiry = tonumber(string.match(stored, '^[^~]*'))
  return not (expiry and expiry <= now) and stored
end`,
  // Forgets some of what has expired. What nobody asks for again must not stay for ever.
  `
local function sweep(values, expiries, most)
  local expired = redis.call('ZRANGEBYSCORE', expiries, '-inf', text(now), 'LIMIT', 0, most)
  send('HDEL', values, expired)
  send('ZREM', expiries, expired)
end`,
].join("");

/**
 * Messages: the sorted set of each state, and the fields of `messages`. Each field is named by a letter and the id: `r` for
 * the record, `b` for the body, `n` for the note of a dead letter, `u` for the unique key that it holds, `l` for the list
 * of the parts that are there, and `p`, an index and a space for the value of a part.
 *
 * The members are the place in line and the id. Those of what is running are the receipts: so a receipt is good as long
 * as it is a member, and nothing else is written when a message is handed out. Its record stays as it was: what is said to
 * be queued and is not in the queue is running.
 *
 * A plain message, which has neither parts nor a unique key and a small body, is all in its record, whose letter is then
 * `p` instead of `q`, or `t` instead of `s`. Its receipts begin with a tilde, those of the others with a caret.
 */
export const MESSAGES: string = [
  `
local ${MESSAGE_KEYS.join(", ")} = unpack(KEYS)`,
  // The places have a fixed width, so that among equal scores Redis' order of bytes is first in, first out.
  `
local function idOf(member) return string.sub(member, 17) end
local function placeAs(number) return string.format('%016.0f', number) end`,
  // The token, the member in the queue, and the id. Of a receipt of the first version there is no token.
  `
local function readReceipt(receipt)
  local token, member = string.match(receipt, '^[~^](%w+)%.(.*)$')
  member = member or receipt
  return token, member, idOf(member)
end`,
  // The highest priority has the lowest score. Negated as text, it is exact.
  `
local function scoreOf(priority)
  if priority == '0' then return '0' end
  return string.sub(priority, 1, 1) == '-' and string.sub(priority, 2) or '-' .. priority
end`,
].join("");

/** The marks on messages, on their ids and on their names. Most of the time there are none at all. */
export const MARKS: string = [
  `
local function hasMarks() return redis.call('HLEN', revoked) > 0 end`,
  // Each is answered with its key and its stored value.
  `
local function marksOf(found)
  local keys, index = {}, {}
  for _, entry in ipairs(found) do
    for _, key in ipairs({ 'id:' .. entry.id, 'name:' .. entry.name }) do
      if not index[key] then
        keys[#keys + 1] = key
        index[key] = #keys
      end
    end
  end
  local values = fetch(revoked, keys)
  return function(reply, entry)
    local at = #reply + 1
    reply[at] = 0
    for _, key in ipairs({ 'id:' .. entry.id, 'name:' .. entry.name }) do
      local mark = living(values[index[key]])
      if mark then
        reply[at] = reply[at] + 1
        reply[#reply + 1] = key
        reply[#reply + 1] = mark
      end
    end
  end
end`,
].join("");

/** The parts of messages that wait or have waited for some. */
export const PARTS: string = [
  // The places that are filled of messages that have parts: a count, and a list with a comma on either side of each.
  `
local function partsOf(found)
  local ids, fields, lists = {}, {}, {}
  for _, entry in ipairs(found) do
    if entry.parts ~= '-' and entry.parts ~= '0' then
      ids[#ids + 1] = entry.id
      fields[#fields + 1] = 'l' .. entry.id
    end
  end
  for i, list in ipairs(fetch(messages, fields)) do lists[ids[i]] = list or '0,' end
  return lists
end

local function partField(id, index) return 'p' .. index .. ' ' .. id end`,
].join("");

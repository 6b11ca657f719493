/**
 * The Lua for the plain case, in which nearly all exchanges are: what is settled is finished, plain, and leaves at most an
 * outcome; what is added is plain, and new. Then all that is to be read and written is known beforehand, and is handled
 * as columns instead of message by message: in a third of the time. Whatever turns out otherwise is left, before anything
 * is written, to the part of the script that can do everything.
 */
import { REQUEST_MEMORY } from "../src/storage.ts";
import { FIRST_SPACE } from "./redis_keys.ts";

/** Sets `done` if it has settled and added everything. */
export const PLAIN: string = [
  `
local function isFree(fields)
  for _, there in ipairs(fetch(messages, fields)) do
    if there then return false end
  end
  return true
end

local function isHeld(receipts)
  for _, there in ipairs(scores(running, receipts)) do
    if not there then return false end
  end
  return true
end`,
  // The first argument of the rest says where the outcomes go, and for how long.
  `
local space, index, ttl = string.match(ARGV[4], '^(%a+) (%d+) (%S+)$')
local receipts, added = {}, {}
for i = 1, settles do receipts[i] = ARGV[3 + 2 * i] end
-- Of what is added the id, and the rest as a record will have it.
local last = 4 + 2 * settles
for i = 1, adds do added[i] = 'r' .. ARGV[last + 2 * i - 1] end
if isHeld(receipts) and isFree(added) then
  done, answer = true, { 'p' }
  local known = request and recall(answer)
  if known then
    answer, settles, adds = unpackAll(known), 0, 0
  end`,
  // What is finished goes first: on a server whose memory is full it makes room.
  `
  if settles > 0 then
    local old, keys, values, ends = {}, {}, {}, {}
    local expiry = ttl ~= '-' and text(now + ttl)
    for i = 1, settles do
      local id = string.sub(receipts[i], string.find(receipts[i], '.', 1, true) + 17)
      old[i] = 'r' .. id
      local value = ARGV[4 + 2 * i]
      if value ~= '' then
        local n = #keys + 1
        keys[n] = id
        values[2 * n - 1], values[2 * n] = id, (expiry or '') .. value
        ends[2 * n - 1], ends[2 * n] = expiry, id
      end
    end
    send('ZREM', running, receipts)
    send('HDEL', messages, old)
    if #keys > 0 then
      local at = ${FIRST_SPACE} + 2 * index
      send('HSET', KEYS[at], values)
      if expiry then
        send('ZADD', KEYS[at + 1], ends)
      else
        send('ZREM', KEYS[at + 1], keys)
      end
      written[space] = keys
    end
  end`,
  `
  if adds > 0 then
    local first = redis.call('INCRBY', sequence, adds) - adds
    local fields, queued, planned = {}, {}, {}
    for i = 1, adds do
      local id, rest, place, letter = ARGV[last + 2 * i - 1], ARGV[last + 2 * i], placeAs(first + i), 'p'
      local member = place .. id
      if string.sub(rest, 1, 10) == '- - - 0 - ' then
        queued[#queued + 1] = '0'
        queued[#queued + 1] = member
      else
        local eta, delay, priority, name = string.match(rest, '^(%S+) (%S+) %S+ (%S+) %S+ (.*)$')
        if delay ~= '-' then eta = text(now + delay) end
        rest = eta .. ' - - ' .. priority .. ' - ' .. name
        if eta ~= '-' and tonumber(eta) > now then
          letter, scheduled[id] = 't', true
          planned[#planned + 1] = eta
          planned[#planned + 1] = member
        else
          queued[#queued + 1] = scoreOf(priority)
          queued[#queued + 1] = member
        end
      end
      fields[2 * i - 1], fields[2 * i] = added[i], letter .. ' ' .. place .. ' 0 - ' .. rest
    end
    send('HSET', messages, fields)
    gained = send('ZADD', ready, queued)
    send('ZADD', schedule, planned)
  end
  if keepLater and not known then redis.call('SET', request, pack(answer), 'PX', ${REQUEST_MEMORY}) end
end`,
].join("");

-- One call of a limiter on one machine: it gives slots back, and asks for others.
--
-- state  hash: hold, longest and pause, in µs; most, a number of requests; until, pauses and width, of the pause
-- slots  sorted set: each slot, by the time when it was released, or is if its machine dies
-- queue  sorted set: each machine with waiters, by the arrival of its first waiter
-- seen   sorted set: each machine of the queue, by the time when it is removed unless it asks again
-- out    sorted set: slots of requests that were started one by one after a pause, as in slots
--
-- All times are in µs, by the clock of this server.
local state, slots, queue, seen, out = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local grace = 2000000

local position = 0
local function text()
  position = position + 1
  return ARGV[position]
end
local function number() return tonumber(text()) end
local function exact(n) return string.format('%.0f', n) end -- tostring would round
local function excluding(n) return '(' .. exact(n) end

local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000000 + tonumber(t[2])

local machine, hold, longest = text(), number(), number()
local windows = {}
for i = 1, number() do windows[i] = {requests = number(), per = number()} end

-- The longest hold and window, and the largest number of requests of a window, of all machines. No more slots need to be kept.
local s = redis.call('HMGET', state, 'until', 'pause', 'pauses', 'width', 'hold', 'longest', 'most')
local own, most = hold, 0
for _, w in ipairs(windows) do most = math.max(most, w.requests) end
hold, longest, most = math.max(hold, tonumber(s[5] or 0)), math.max(longest, tonumber(s[6] or 0)), math.max(most, tonumber(s[7] or 0))
if exact(hold) ~= s[5] or exact(longest) ~= s[6] or exact(most) ~= s[7] then
  redis.call('HSET', state, 'hold', exact(hold), 'longest', exact(longest), 'most', exact(most))
end
local paused, pauses, width = tonumber(s[1] or 0), tonumber(s[3] or 0), tonumber(s[4] or 0)

-- Times that are too far in the future were written before the clock was set back.
if paused > now + tonumber(s[2] or 0) then
  paused = now + tonumber(s[2] or 0)
  redis.call('HSET', state, 'until', exact(paused)) -- or it would never end
end
for _, slot in ipairs(redis.call('ZRANGEBYSCORE', slots, excluding(now + hold), '+inf')) do
  redis.call('ZADD', slots, exact(now + hold), slot)
end
redis.call('ZREMRANGEBYSCORE', out, excluding(now + hold), '+inf')

-- Slots that have become free, and machines that have not asked again.
redis.call('ZREMRANGEBYSCORE', slots, '-inf', exact(now - longest))
redis.call('ZREMRANGEBYSCORE', out, '-inf', exact(now))
local gone = redis.call('ZRANGEBYSCORE', seen, '-inf', exact(now))
for _, m in ipairs(redis.call('ZRANGEBYSCORE', seen, excluding(now + hold + longest + grace), '+inf')) do gone[#gone + 1] = m end
for _, m in ipairs(gone) do
  redis.call('ZREM', seen, m)
  redis.call('ZREM', queue, m)
end

-- Slots that are given back. One that was not used is free at once. While the limiter recovers from a pause, each response to a
-- request that was started since the pause lets one more request be under way, once no request waits that came before its end.
for _ = 1, number() do
  local slot, age, since, used = text(), number(), number(), text() == '1'
  if used then
    redis.call('ZADD', slots, exact(now - age), slot)
  else
    redis.call('ZREM', slots, slot)
  end
  local recovering = redis.call('ZREM', out, slot) == 1
  if used and recovering and since == pauses and redis.call('ZCOUNT', queue, '-inf', excluding(paused)) == 0 then
    width = width + 1
    redis.call('HSET', state, 'width', exact(width))
  end
end

local waiting = number() -- negative: the waiters of this machine stay in the queue
local waiters = {}
for i = 1, waiting do
  local slot, age, known = text(), number(), number() -- known: the earliest estimate of arrival
  waiters[i] = {slot = slot, arrival = known > 0 and math.min(known, now - age) or now - age}
end

-- One slot is left for each other machine whose first waiter came before.
local waited = waiting >= 0 and redis.call('ZREM', queue, machine) == 1
if waited then redis.call('ZREM', seen, machine) end
local function before(arrival) return redis.call('ZCOUNT', queue, '-inf', excluding(arrival)) end

if width > 0 and now >= paused and not waited and redis.call('ZCARD', queue) == 0 and redis.call('ZCARD', out) == 0 then
  width = 0 -- no request waits
  redis.call('HSET', state, 'width', '0')
end

local free = math.huge
for _, w in ipairs(windows) do
  w.count = redis.call('ZCOUNT', slots, excluding(now - w.per), '+inf')
  free = math.min(free, w.requests - w.count)
end
local turns = math.huge -- number of requests that the pause lets start
if now < paused then
  turns = 0
elseif width > 0 then
  turns = width - redis.call('ZCARD', out)
end

-- The first waiters get the slots that are not left for other machines.
local granted, again = 0, 0
for i, w in ipairs(waiters) do
  if redis.call('ZSCORE', slots, w.slot) then
    again = again + 1 -- this call was sent again because its answer was lost
  elseif granted + before(w.arrival) < math.min(free, turns) then
    granted = granted + 1
    redis.call('ZADD', slots, exact(now + own), w.slot)
    if width > 0 then redis.call('ZADD', out, exact(now + own), w.slot) end
  else
    break
  end
end
local started = granted + again

-- The other waiters wait at least until as many slots have become free as are missing. Requests under way are assumed to end now. A
-- wait of -1 is unknown: it ends with a response.
local waits = {}
local size = redis.call('ZCARD', slots)
local turn = 0
if now < paused then
  turn = paused - now
elseif started < waiting and granted + before(waiters[started + 1].arrival) >= turns then
  turn = -1
end
for i = started + 1, waiting do
  local older = before(waiters[i].arrival)
  local wait = turn
  for _, w in ipairs(windows) do
    local missing = w.count + granted + (i - started - 1) + older + 1 - w.requests
    if missing > 0 and turn >= 0 then
      local one = redis.call('ZRANGE', slots, size - w.count - granted + missing - 1, size - w.count - granted + missing - 1, 'WITHSCORES')
      local released = math.min(now, tonumber(one[2] or now))
      wait = math.max(wait, released + w.per - now)
    end
  end
  if older > 0 and wait > 0 then -- a machine before this one may have died
    local first = redis.call('ZRANGE', seen, 0, 0, 'WITHSCORES')
    wait = math.max(turn, math.min(wait, tonumber(first[2]) - now + 1000))
  end
  waits[#waits + 1] = wait
end

if size > most then -- machines use different windows
  local first = redis.call('ZRANGE', slots, size - most, size - most, 'WITHSCORES')
  redis.call('ZREMRANGEBYSCORE', slots, '-inf', excluding(tonumber(first[2])))
end
if started < waiting then
  redis.call('ZADD', queue, exact(waiters[started + 1].arrival), machine)
  redis.call('ZADD', seen, exact(now + math.max(waits[1], 0) + grace), machine)
end
local keep = exact((hold + longest + grace + math.max(paused - now, 0)) / 1000)
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, keep) end
for i, wait in ipairs(waits) do waits[i] = exact(wait) end
return {started, pauses, width, waits, exact(now)}

-- Pauses all machines. KEYS are those of limiter.lua.
local state = KEYS[1]
local function exact(n) return string.format('%.0f', n) end

local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000000 + tonumber(t[2])
local s = redis.call('HMGET', state, 'hold', 'longest', 'until', 'pause')
local length = tonumber(ARGV[1])
local before = math.min(tonumber(s[3] or 0), now + tonumber(s[4] or 0)) -- or the clock was set back
length = math.max(length, before - now)
redis.call('HSET', state, 'until', exact(now + length), 'pause', exact(length), 'width', '1')
redis.call('HINCRBY', state, 'pauses', '1')
local keep = exact((tonumber(s[1] or 0) + tonumber(s[2] or 0) + length) / 1000 + 60000)
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, keep) end
return exact(length)

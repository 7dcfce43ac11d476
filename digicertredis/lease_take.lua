-- Takes a lease, or extends it. KEYS[1] is a hash:
--
-- holder      unique id of the holder
-- until, ttl  the time when it ends, and its length, in µs by the clock of this server
-- wrote       1 if something may have been written under it
local lease, holder, ttl, keep, extend = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4] == '1'
local function exact(n) return string.format('%.0f', n) end

local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000000 + tonumber(t[2])
local l = redis.call('HMGET', lease, 'holder', 'until', 'ttl', 'wrote')
local ends = tonumber(l[2] or 0)
if ends > now + tonumber(l[3] or 0) then -- the clock was set back
  ends = now + tonumber(l[3] or 0)
  redis.call('HSET', lease, 'until', exact(ends))
end
local held = l[1] and ends > now
if held and l[1] ~= holder then return {0, exact(ends - now), 0} end
if extend and not held then return {0, '0', 0} end
redis.call('HSET', lease, 'holder', holder, 'until', exact(now + ttl), 'ttl', exact(ttl))
if not extend then redis.call('HSET', lease, 'wrote', '1') end -- until it is given back: a holder that dies may have written
redis.call('PEXPIRE', lease, keep)
return {1, exact(ttl), tonumber(l[4] or 0)}

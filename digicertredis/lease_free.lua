-- Gives a lease back. KEYS[1] is that of lease_take.lua. Its field wrote remains.
local lease, holder, wrote = KEYS[1], ARGV[1], ARGV[2]
if redis.call('HGET', lease, 'holder') ~= holder then return 0 end
redis.call('HDEL', lease, 'holder', 'until')
if wrote ~= '' then redis.call('HSET', lease, 'wrote', wrote) end
return 1

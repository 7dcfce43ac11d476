-- Saves a checkpoint. KEYS[1] is a hash with state and version. KEYS[2] is the lease that it belongs to, if any.
local checkpoint, lease = KEYS[1], KEYS[2]
local state, expected, version, holder = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

if lease then
  local t = redis.call('TIME')
  local now = tonumber(t[1]) * 1000000 + tonumber(t[2])
  local l = redis.call('HMGET', lease, 'holder', 'until', 'ttl')
  local ends = math.min(tonumber(l[2] or 0), now + tonumber(l[3] or 0))
  if l[1] ~= holder or ends <= now then return 'lost' end
end
local present = redis.call('HGET', checkpoint, 'version')
if present and expected ~= '' and present ~= expected and present ~= version then return 'moved' end
redis.call('HSET', checkpoint, 'state', state, 'version', version)
return 'saved'

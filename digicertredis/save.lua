-- Saves a checkpoint. KEYS[1] is a hash: state, version, and the token of the lease under which it was saved last. KEYS[2] is that
-- lease, if there is one.
local checkpoint, lease = KEYS[1], KEYS[2]
local state, expected, version, holder, token = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

if lease then
  local t = redis.call('TIME')
  local now = tonumber(t[1]) * 1000000 + tonumber(t[2])
  local l = redis.call('HMGET', lease, 'holder', 'until', 'ttl')
  local ends = math.min(tonumber(l[2] or 0), now + tonumber(l[3] or 0))
  if l[1] ~= holder or ends <= now then return 'lost' end
  if tonumber(redis.call('HGET', checkpoint, 'token') or 0) > tonumber(token) then return 'lost' end
end
local present = redis.call('HGET', checkpoint, 'version')
if present and expected ~= '' and present ~= expected and present ~= version then return 'moved' end
redis.call('HSET', checkpoint, 'state', state, 'version', version, 'token', token)
return 'saved'

-- A detail's value is its people, the last one seen at the end: 6 bytes that tell them apart and 4 of the time. Who is
-- seen again moves to the end, so nobody counts twice. The commonest case, a detail that is new, is one command.
-- The source's value is its last people in the same way, with their time on the form and their answers; it is read once
-- and written once, however many of the batch are its own.
-- Names with a dollar are put in place when the service starts.
local prefix, records = KEYS[1], ARGV[1]
local sub, unpack, call = string.sub, struct.unpack, redis.call
local none, untimed, unasked = string.rep('\0', $key_bytes), string.rep('\0', 8), string.rep('\0', $person_bytes)

-- The people of one detail, this one at the end; empty: the lead does not have it.
local function people(offset, stamp, most)
  local detail = sub(records, offset, offset + $key_bytes - 1)
  if detail == none then return '' end
  local key, person = prefix .. detail, sub(records, offset + $key_bytes, offset + $key_bytes + $person_bytes - 1)
  local known = call('SET', key, person .. stamp, 'NX', 'GET', 'EX', $day)
  if not known then return person .. stamp end
  local last, found = sub(known, -4), string.find(known, person, 1, true)
  while found and found % $entry_bytes ~= 1 do found = string.find(known, person, found + 1, true) end
  if found then known = sub(known, 1, found - 1) .. sub(known, found + $entry_bytes) end
  -- Times never go back, so that a window's people stand together at the end.
  if last > stamp then stamp = last end
  local since = unpack('>I4', stamp) - $day
  local first = math.max(1, #known - $entry_bytes * (most - 1) + 1)
  while first < #known and unpack('>I4', known, first + $person_bytes) < since do first = first + $entry_bytes end
  known = sub(known, first) .. person .. stamp
  call('SET', key, known, 'EX', $day)
  return known
end

-- How many of the people were there since then.
local function within(known, since)
  local low, high = 0, #known / $entry_bytes
  while low < high do
    local middle = math.floor((low + high) / 2)
    if unpack('>I4', known, middle * $entry_bytes + $person_bytes + 1) < since then low = middle + 1 else high = middle end
  end
  return #known / $entry_bytes - low
end

-- Puts one of its people at the end of a source.
local function add(source, member)
  local one = { member, sub(member, 11, 18), sub(member, 19), (unpack('>I4', member)), sub(member, 5) }
  if source.known[one[5]] then
    for place, other in ipairs(source.list) do
      if other[5] == one[5] then
        table.remove(source.list, place)
        break
      end
    end
  else
    source.known[one[5]] = true
    source.seconds[one[2]] = (source.seconds[one[2]] or 0) + 1
    source.answers[one[3]] = (source.answers[one[3]] or 0) + 1
  end
  source.list[#source.list + 1] = one
  if #source.list > $last_people then
    local oldest = table.remove(source.list, 1)
    source.known[oldest[5]] = nil
    source.seconds[oldest[2]] = source.seconds[oldest[2]] - 1
    source.answers[oldest[3]] = source.answers[oldest[3]] - 1
  end
  return one
end

local sources = {}
local function source_of(detail, now)
  local source = sources[detail]
  if source then return source end
  source = { list = {}, known = {}, seconds = {}, answers = {} }
  sources[detail] = source
  local stored = call('GET', prefix .. detail) or ''
  for at = 1, #stored, $member_bytes do
    if unpack('>I4', stored, at) >= now - $hour then add(source, sub(stored, at, at + $member_bytes - 1)) end
  end
  return source
end

-- Its people, and how many of them are like this one.
local function company(source, member)
  local one, list, burst = add(source, member), source.list, 0
  -- They stand about as they came: the first who is not of the burst ends it.
  for place = #list, 1, -1 do
    local apart = list[place][4] - one[4]
    if apart > $burst_seconds or apart < -$burst_seconds then break end
    burst = burst + 1
  end
  local same_answers = one[3] ~= unasked and source.answers[one[3]] or 0
  local same_seconds = one[2] ~= untimed and source.seconds[one[2]] or 0
  return #source.list, same_answers, same_seconds, burst
end

local counts = {}
for start = 1, #records, $record_bytes do
  local n, stamp = #counts, sub(records, start, start + 3)
  local at = unpack('>I4', stamp)
  for detail = 0, 2 do
    counts[n + detail + 1] = #people(start + 8 + $detail_bytes * detail, stamp, $people) / $entry_bytes
  end
  local address = people(start + 8 + 3 * $detail_bytes, stamp, $people_of_address)
  counts[n + 4], counts[n + 5] = within(address, at - $hour), #address / $entry_bytes
  local offset = start + 8 + 4 * $detail_bytes
  local member = sub(records, start + 4, start + 7) .. sub(records, offset + $key_bytes, start + $record_bytes - 1)
  local source = source_of(sub(records, offset, offset + $key_bytes - 1), at)
  counts[n + 6], counts[n + 7], counts[n + 8], counts[n + 9] = company(source, member)
end
for detail, source in pairs(sources) do
  local members = {}
  for place, one in ipairs(source.list) do members[place] = one[1] end
  call('SET', prefix .. detail, table.concat(members), 'EX', $hour)
end
return counts

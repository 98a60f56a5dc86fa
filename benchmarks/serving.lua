-- Sends the PNGs of a folder in turn; prints wrk's figures as one line of JSON.
local bodies, sent, failed = {}, 0, 0

function init(args)
  for number = 0, 99 do
    local file = io.open(string.format("%s/%02d.png", args[1], number), "rb")
    bodies[#bodies + 1] = file:read("*a")
    file:close()
  end
end

function request()
  sent = sent % #bodies + 1
  return wrk.format("POST", nil, {["Content-Type"] = "image/png"}, bodies[sent])
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests_per_second": %f, "p50_ms": %f, "p99_ms": %f, "errors": %d}\n',
    summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000,
    latency:percentile(99) / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout
  ))
end

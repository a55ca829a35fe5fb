-- Ends the pause that is in force: a person's, or else the operator's own, which a new token ends.
local os = require("os")

if obj.spec.paused then
  obj.spec.paused = false
else
  obj.spec.resumeToken = os.date("!%Y-%m-%dT%H:%M:%SZ")
end
return obj

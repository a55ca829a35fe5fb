-- Lets an Update with pulseIntervalSeconds go on for one interval.
local os = require("os")

obj.metadata.annotations = obj.metadata.annotations or {}
obj.metadata.annotations["echelon.dev/pulsed-at"] = os.date("!%Y-%m-%dT%H:%M:%SZ")
return obj

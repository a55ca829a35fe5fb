-- The conditions of the Update say how it is; its message says why. While it waits for a person or
-- another system it is Suspended.
local status = obj.status or {}
if status.observedGeneration ~= obj.metadata.generation then
  return {status = "Progressing", message = "the operator has not observed the present spec yet"}
end
local found = {}
for _, condition in ipairs(status.conditions or {}) do
  if condition.status == "True" then
    found[condition.type] = condition
  end
end
if found.Stalled then
  return {status = "Degraded", message = found.Stalled.message}
elseif found.Ready then
  return {status = "Healthy", message = status.message}
elseif found.Paused or found.AwaitingPulse then
  return {status = "Suspended", message = status.message}
end
return {status = "Progressing", message = status.message}

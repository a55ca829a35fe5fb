-- The conditions of the Job say how it is. While its Update waits for a person or another system it
-- is Suspended; the reason of Reconciling is the Update's phase.
local waiting = {
  RollForwardPaused = true,
  RollForwardAwaitingPulse = true,
  RollBackPaused = true,
  RollBackAwaitingPulse = true,
}

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
  return {status = "Healthy", message = found.Ready.message}
elseif found.Reconciling and waiting[found.Reconciling.reason] then
  return {status = "Suspended", message = found.Reconciling.message}
elseif found.Reconciling then
  return {status = "Progressing", message = found.Reconciling.message}
end
return {status = "Progressing", message = "the operator has not reported conditions yet"}

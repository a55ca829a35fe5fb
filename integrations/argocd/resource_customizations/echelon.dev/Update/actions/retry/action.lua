-- Tries the instances that failed again, in an Update of their own with the same target and policy,
-- even if the revision is known to be bad.
local os = require("os")

local status = obj.status
local sets, ids = status.instances or {}, ""
if status.turn == nil then
  ids = sets.failed
elseif (sets.rollbackFailed or "") ~= "" then
  ids = sets.rollbackFailed
else
  -- They are rolled back by now: their failures before the turn tell which they are.
  local limit = (status.policy or {}).maxFailuresPerInstance or 0
  local known, sorted = {}, {}
  for _, each in ipairs(status.failures) do
    if each.time <= status.turn.time and each.attempt > limit and not known[each.instance] then
      known[each.instance] = true
      table.insert(sorted, each.instance)
    end
  end
  table.sort(sorted)
  for _, id in ipairs(sorted) do
    ids = ids .. (ids == "" and "" or ",") .. id
  end
end

local spec = {
  job = obj.spec.job,
  instances = ids,
  restart = true, -- also those that are at the target already
  policy = obj.spec.policy,
  message = "retry of " .. obj.metadata.name .. " in Argo CD",
}
-- After a failed roll back each instance stays at the revision that it has.
if (sets.rollbackFailed or "") == "" and status.to and status.to.revision then
  spec.revision = status.to.revision
  spec.force = true
end
local owner = {
  apiVersion = obj.apiVersion,
  kind = "EchelonJob",
  name = obj.spec.job,
  uid = status.jobUID,
}
local update = {
  apiVersion = obj.apiVersion,
  kind = obj.kind,
  metadata = {
    name = obj.spec.job .. "-retry-" .. os.date("!%y%m%d%H%M%S"),
    namespace = obj.metadata.namespace,
    labels = {["echelon.dev/job"] = obj.spec.job},
    ownerReferences = {owner},
  },
  spec = spec,
}
return {{operation = "create", resource = update}}

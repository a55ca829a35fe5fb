-- Which verbs are legal now, as `echelon update` judges them.
local forward = {RollingForward = true, RollForwardPaused = true, RollForwardAwaitingPulse = true}
local backward = {RollingBack = true, RollBackPaused = true, RollBackAwaitingPulse = true}
local spec, status = obj.spec, obj.status or {}
local phase = status.phase or "Pending"
local pending = phase == "Pending"
local active = forward[phase] or backward[phase] or false
local steerable = (pending or active) and spec.action ~= "Abort"

-- The operator paused it: after a batch (autoPause), or because a gate was inconclusive.
local paused_by_operator = (phase == "RollForwardPaused" or phase == "RollBackPaused")
  and (status.reason == "AutoPaused" or status.reason == "GateInconclusive")
local told_to_roll_back = spec.action == "Rollback" and not spec.paused
local pulses = (status.policy or {}).pulseIntervalSeconds ~= nil

-- Whether a table is an empty object, or has one in it. An action cannot write these.
local function has_empty(value)
  if type(value) ~= "table" then
    return false
  end
  for _, each in pairs(value) do
    if has_empty(each) then
      return true
    end
  end
  return next(value) == nil
end

local sets, failed = status.instances or {}, false
if status.turn == nil then
  failed = (sets.failed or "") ~= ""
elseif (sets.rollbackFailed or "") ~= "" then
  failed = true
else
  local limit = (status.policy or {}).maxFailuresPerInstance or 0
  for _, each in ipairs(status.failures or {}) do
    if each.time <= status.turn.time and each.attempt > limit then
      failed = true
    end
  end
end
local retriable = not pending and not active and not spec.dryRun and phase ~= "Superseded"
  and failed and not (spec.policy and has_empty(spec.policy))

local function verb(enabled, name, icon)
  return {disabled = not enabled, displayName = name, iconClass = "fa fa-fw " .. icon}
end

return {
  pause = verb(steerable and not spec.paused, "Pause", "fa-pause"),
  resume = verb(steerable and (spec.paused or paused_by_operator), "Resume", "fa-play"),
  rollback = verb(
    steerable and forward[phase] and not told_to_roll_back, "Roll back", "fa-undo"
  ),
  abort = verb(steerable, "Abort", "fa-stop"),
  pulse = verb(steerable and active and pulses, "Pulse", "fa-heartbeat"),
  retry = verb(retriable, "Retry failed instances", "fa-redo"),
}

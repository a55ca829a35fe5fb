-- Both actions make an Update, so they wait until none is active. Pause, resume, abort and roll back
-- are actions of the Update, which is below the Job in the tree.
local status = obj.status or {}
local free = status.observedGeneration == obj.metadata.generation and status.activeUpdate == nil
  and status.updateRevision ~= nil

-- Whether all instances are available at the revision of the present template.
local done = (status.availableInstances or 0) == (status.instancesInForce or 0)
for _, each in ipairs(status.assigned or {}) do
  if each.revision ~= status.updateRevision then
    done = false
  end
end

return {
  restart = {
    disabled = not free,
    displayName = "Restart",
    iconClass = "fa fa-fw fa-redo",
  },
  retry = {
    disabled = not free or done,
    displayName = "Retry the present template",
    iconClass = "fa fa-fw fa-play-circle",
  },
}

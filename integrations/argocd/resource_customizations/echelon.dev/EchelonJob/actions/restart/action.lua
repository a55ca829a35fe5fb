-- Replaces all instances, each at its revision, with the strategy and gates of the Job.
-- A changed template that waits is not shipped.
local os = require("os")

local owner = {
  apiVersion = obj.apiVersion,
  kind = obj.kind,
  name = obj.metadata.name,
  uid = obj.metadata.uid,
}
local update = {
  apiVersion = obj.apiVersion,
  kind = "Update",
  metadata = {
    name = obj.metadata.name .. "-restart-" .. os.date("!%y%m%d%H%M%S"),
    namespace = obj.metadata.namespace,
    labels = {["echelon.dev/job"] = obj.metadata.name},
    ownerReferences = {owner},
  },
  spec = {job = obj.metadata.name, restart = true, message = "restart in Argo CD"},
}
return {{operation = "create", resource = update}}

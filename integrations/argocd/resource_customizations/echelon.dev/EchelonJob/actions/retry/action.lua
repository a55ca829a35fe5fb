-- Tries the present template again, even if it is known to be bad. It writes no field of the Job, so
-- that Git and the cluster stay the same.
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
    name = obj.metadata.name .. "-retry-" .. os.date("!%y%m%d%H%M%S"),
    namespace = obj.metadata.namespace,
    labels = {["echelon.dev/job"] = obj.metadata.name},
    ownerReferences = {owner},
  },
  spec = {job = obj.metadata.name, force = true, message = "retry in Argo CD"},
}
return {{operation = "create", resource = update}}

-- Gives each instance its former revision back. During a pause nothing would be rolled back, so the
-- pause ends.
obj.spec.action = "Rollback"
if obj.spec.paused then
  obj.spec.paused = false
end
return obj

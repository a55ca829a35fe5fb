-- No further instance is replaced; those that are down still come up.
obj.spec.paused = true
return obj

-- Ends the Update where it is; nothing is rolled back.
obj.spec.action = "Abort"
return obj

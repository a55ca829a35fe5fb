"""Parts that tests and `hack/chaos` share: the operator as a process, a proxy before the API
server, and the judgement of what happened from the watches and the audit log."""

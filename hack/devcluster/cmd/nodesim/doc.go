// Command nodesim plays the kubelets of nodes that do not exist: it makes the nodes, keeps them
// Ready, and gives the pods bound to them the status that a kubelet would give them. No container
// runs; thousands of pods cost no more than their API objects.
//
// Contract. A pod is Running and Ready in one status patch, unless it is steered otherwise. A pod
// with a deletionTimestamp is deleted exactly once, with grace period 0 and its uid as
// precondition: a successor of the same name is safe. Statuses carry metadata.generation as
// observedGeneration. All state is on the objects but for how far a pod's behaviour has come, so
// that nodesim itself can be restarted.
//
// Steering. A pod behaves as the annotation sim.echelon.dev/behaviour says or, without it, as the
// image tag of its first container says: the tag "2.0-crash-loop" holds the behaviour crash-loop.
// Changing either on a living pod takes effect at once.
//
//	ready        Running and Ready (the default)
//	ready-after  Ready only after ready-after (default 2s)
//	never-ready  runs, is never Ready
//	crash        Ready; after crash-after (500ms) its container restarts, once, and is Ready again
//	crash-loop   CrashLoopBackOff, restarts with a growing delay (backoff, default 1s, to 30s)
//	exit         Ready; after exit-after (500ms) the pod is Failed, or Succeeded with exit-code 0
//	evict        like exit, but as the kubelet evicts: reason Evicted, condition DisruptionTarget
//	refuse       Failed at once, no container ever ran, as when the kubelet does not admit it
//	pull-error   ImagePullBackOff
//	slow-stop    takes stop-after (default 3s) to go once it is deleted
//	never-stop   never goes
//
// Further annotations, all with the prefix sim.echelon.dev/: the parameters ready-after,
// crash-after, exit-after, stop-after, backoff (durations such as 2s); exit-code and reason (of a
// terminated container; of the pod for refuse); instances ("2,5-7": only pods whose label
// echelon.dev/instance is among these are steered); container (which one crashes, the first by
// default; sidecars too); trigger (any new value repeats the behaviour); pod-ip (else unique);
// resize (infeasible, deferred or in-progress: what becomes of an in-place resize).
//
// A changed image restarts its container in place, changed resources are enacted in place. A node
// with the annotation sim.echelon.dev/lost: "true" is lost: no heartbeats, nothing done for its
// pods, until the annotation goes.
package main

// Command nodesim simulates nodes and their kubelets: it creates the nodes, keeps them Ready, and
// writes the statuses of their pods as a kubelet would. No container runs, so thousands of pods cost
// no more than their API objects.
//
// Contract. A pod becomes Running and Ready with one status patch, unless it is steered otherwise. A
// pod with a deletionTimestamp is deleted exactly once, with grace period 0 and its uid as
// precondition, so a successor of the same name is not affected. Statuses have metadata.generation as
// observedGeneration. nodesim can be restarted: all state is in the API objects, except the progress
// of a pod's behaviour.
//
// Steering. The annotation sim.echelon.dev/behaviour sets the behaviour of a pod. Without it the image
// tag of the first container does: the tag "2.0-crash-loop" contains the behaviour crash-loop. A
// change of either on a running pod takes effect at once.
//
//	ready        Running and Ready (the default)
//	ready-after  Ready only after ready-after (default 2s)
//	never-ready  runs, is never Ready
//	crash        Ready; after crash-after (500ms) its container restarts, once, and is Ready again
//	crash-loop   CrashLoopBackOff, restarts with a growing delay (backoff, default 1s, to 30s)
//	exit         Ready; after exit-after (500ms) the pod is Failed, or Succeeded with exit-code 0
//	evict        like exit, but as the kubelet evicts: reason Evicted, condition DisruptionTarget
//	refuse       Failed at once, before a container ran, as if the kubelet did not admit it
//	pull-error   ImagePullBackOff
//	slow-stop    terminates stop-after (default 3s) after its deletion
//	never-stop   never terminates
//
// Further annotations, all with the prefix sim.echelon.dev/: the parameters ready-after,
// crash-after, exit-after, stop-after, backoff (durations such as 2s); exit-code and reason (of a
// terminated container; of the pod for refuse); instances ("2,5-7": only pods whose label
// echelon.dev/instance is among these are steered); container (which one crashes, the first by
// default; sidecars too); trigger (any new value repeats the behaviour); pod-ip (else unique);
// resize (infeasible, deferred or in-progress: the result of an in-place resize).
//
// A changed image restarts its container in place; changed resources are applied in place. A node with
// the annotation sim.echelon.dev/lost: "true" is lost: it sends no heartbeats, and nodesim does nothing
// for its pods, until the annotation is removed.
package main

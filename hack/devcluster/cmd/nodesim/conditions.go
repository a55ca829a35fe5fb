package main

import (
	"fmt"
	"strings"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const notReady = "ContainersNotReady"

// conclude derives phase and conditions from the containers. ready is the result of the steered
// container's readiness probe.
func (b *builder) conclude(ready bool) {
	if status := findStatus(b.status, b.steering.container); status != nil {
		status.Ready = ready && status.State.Running != nil
	}
	var unready []string
	b.status.Phase = v1.PodRunning
	for i := range b.status.ContainerStatuses {
		status := &b.status.ContainerStatuses[i]
		if !status.Ready {
			unready = append(unready, status.Name)
		}
		if status.State.Waiting != nil && status.LastTerminationState.Terminated == nil {
			b.status.Phase = v1.PodPending
		}
	}
	for i := range b.status.InitContainerStatuses {
		if status := &b.status.InitContainerStatuses[i]; status.State.Terminated == nil && !status.Ready {
			unready = append(unready, status.Name)
		} else if status.State.Terminated != nil {
			status.Ready = true
		}
	}
	b.set("PodReadyToStartContainers", true, "", "")
	b.set(v1.PodInitialized, true, "", "")
	if len(unready) > 0 {
		message := fmt.Sprintf("containers with unready status: [%s]", strings.Join(unready, " "))
		b.set(v1.ContainersReady, false, notReady, message)
		b.set(v1.PodReady, false, notReady, message)
		return
	}
	b.set(v1.ContainersReady, true, "", "")
	for _, gate := range b.pod.Spec.ReadinessGates {
		if !isTrue(b.status, gate.ConditionType) {
			message := fmt.Sprintf("corresponding condition of pod readiness gate %q does not exist or is not True",
				string(gate.ConditionType))
			b.set(v1.PodReady, false, "ReadinessGatesNotReady", message)
			return
		}
	}
	b.set(v1.PodReady, true, "", "")
}

// end makes the pod Failed or Succeeded, with all containers terminated.
func (b *builder) end(evicted bool) {
	b.status.Phase = v1.PodFailed
	reason, code := b.reason(), b.steering.exitCode
	if evicted {
		b.status.Reason, b.status.Message = "Evicted", "The node was low on resource: memory."
		b.set(v1.DisruptionTarget, true, v1.PodReasonTerminationByKubelet, b.status.Message)
		reason, code = "Error", 137
	} else if code == 0 {
		b.status.Phase = v1.PodSucceeded
	}
	for i := range b.status.ContainerStatuses {
		status := &b.status.ContainerStatuses[i]
		if status.Name == b.steering.container {
			status.State = b.terminated(status, code, reason)
		} else {
			status.State = b.terminated(status, 0, "Completed")
		}
		status.Ready, status.Started = false, new(bool)
	}
	why := "PodFailed"
	if b.status.Phase == v1.PodSucceeded {
		why = "PodCompleted"
	}
	b.set(v1.ContainersReady, false, why, "")
	b.set(v1.PodReady, false, why, "")
}

// refuse makes the pod Failed as if the kubelet had not admitted it: no container ever ran.
func (b *builder) refuse() {
	b.status.Phase = v1.PodFailed
	b.status.Reason = b.steering.reason
	if b.status.Reason == "" {
		b.status.Reason = "OutOfcpu"
	}
	b.status.Message = "Pod was rejected: Node didn't have enough resource: cpu"
}

// setResize reports a resize that was not applied, and removes the report of an earlier one.
func (b *builder) setResize(differs bool) {
	reported := map[v1.PodConditionType]string{}
	if differs {
		switch b.steering.resize {
		case "infeasible":
			reported[v1.PodResizePending] = v1.PodReasonInfeasible
		case "deferred":
			reported[v1.PodResizePending] = v1.PodReasonDeferred
		default:
			if b.steering.resize != "" {
				reported[v1.PodResizeInProgress] = ""
			}
		}
	}
	for _, kind := range []v1.PodConditionType{v1.PodResizePending, v1.PodResizeInProgress} {
		if reason, ok := reported[kind]; ok {
			b.set(kind, true, reason, "")
		} else {
			b.drop(kind)
		}
	}
}

// observe sets the generation of the spec that this status is about.
func (b *builder) observe() {
	b.status.ObservedGeneration = b.pod.Generation
}

func (b *builder) set(kind v1.PodConditionType, value bool, reason, message string) {
	status := v1.ConditionFalse
	if value {
		status = v1.ConditionTrue
	}
	wanted := v1.PodCondition{
		Type: kind, Status: status, Reason: reason, Message: message,
		ObservedGeneration: b.pod.Generation, LastTransitionTime: b.now,
	}
	for i := range b.status.Conditions {
		if have := &b.status.Conditions[i]; have.Type == kind {
			if have.Status == status {
				wanted.LastTransitionTime = have.LastTransitionTime
			}
			wanted.LastProbeTime = have.LastProbeTime
			*have = wanted
			return
		}
	}
	wanted.LastProbeTime = metav1.Time{}
	b.status.Conditions = append(b.status.Conditions, wanted)
}

func (b *builder) drop(kind v1.PodConditionType) {
	kept := b.status.Conditions[:0]
	for _, condition := range b.status.Conditions {
		if condition.Type != kind {
			kept = append(kept, condition)
		}
	}
	b.status.Conditions = kept
}

func isTrue(status *v1.PodStatus, kind v1.PodConditionType) bool {
	for i := range status.Conditions {
		if status.Conditions[i].Type == kind {
			return status.Conditions[i].Status == v1.ConditionTrue
		}
	}
	return false
}

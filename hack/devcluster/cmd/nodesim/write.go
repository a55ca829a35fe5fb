package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/klog/v2"
)

// patchStatus writes the difference between two statuses. The uid in the patch is a precondition. A
// nil pod without an error means that the pod no longer exists. It is a patch instead of an update, so
// that it does not conflict with clients that write labels.
func (s *simulator) patchStatus(ctx context.Context, pod *v1.Pod, status *v1.PodStatus) (*v1.Pod, error) {
	before, err := json.Marshal(v1.Pod{Status: pod.Status})
	if err != nil {
		return nil, err
	}
	after, err := json.Marshal(v1.Pod{ObjectMeta: metav1.ObjectMeta{UID: pod.UID}, Status: *status})
	if err != nil {
		return nil, err
	}
	patch, err := strategicpatch.CreateTwoWayMergePatch(before, after, v1.Pod{})
	if err != nil {
		return nil, err
	}
	written, err := s.client.CoreV1().Pods(pod.Namespace).Patch(ctx, pod.Name,
		types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
	if gone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("status of pod %s: %w", klog.KObj(pod), err)
	}
	return written, nil
}

// terminate removes a pod that is being deleted when it is due, with one delete of this uid.
func (s *simulator) terminate(ctx context.Context, r *record, pod *v1.Pod, steering steering) error {
	if r.deleted || steering.behaviour == neverStop {
		return nil
	}
	// Uses nodesim's clock: deletionTimestamp has whole seconds and is a grace period ahead.
	if r.terminating.IsZero() {
		r.terminating = time.Now()
	}
	if left := time.Until(r.terminating.Add(steering.stopAfter)); left > 0 {
		s.queue.AddAfter(pod.UID, left)
		return nil
	}
	now := int64(0)
	err := s.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: &now,
		Preconditions:      &metav1.Preconditions{UID: &pod.UID},
	})
	if err != nil && !gone(err) {
		return fmt.Errorf("delete of pod %s: %w", klog.KObj(pod), err)
	}
	r.deleted = true
	return nil
}

// gone: the pod no longer exists, or its name belongs to another pod.
func gone(err error) bool {
	return apierrors.IsNotFound(err) || apierrors.IsConflict(err)
}

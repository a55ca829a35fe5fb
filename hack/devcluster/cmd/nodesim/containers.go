package main

import (
	v1 "k8s.io/api/core/v1"
)

// findContainer returns a container or sidecar of the spec by name, nil if there is none.
func findContainer(pod *v1.Pod, name string) *v1.Container {
	for i := range pod.Spec.Containers {
		if pod.Spec.Containers[i].Name == name {
			return &pod.Spec.Containers[i]
		}
	}
	for i := range pod.Spec.InitContainers {
		if c := &pod.Spec.InitContainers[i]; c.Name == name && isSidecar(c) {
			return c
		}
	}
	return nil
}

func isSidecar(c *v1.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == v1.ContainerRestartPolicyAlways
}

func findStatus(status *v1.PodStatus, name string) *v1.ContainerStatus {
	for _, list := range [][]v1.ContainerStatus{status.ContainerStatuses, status.InitContainerStatuses} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

// entry returns the status of a container of the spec. The first call creates all entries, in the
// order of the spec, so that pointers to them stay valid.
func (b *builder) entry(name string) *v1.ContainerStatus {
	if found := findStatus(b.status, name); found != nil {
		return found
	}
	b.status.ContainerStatuses = entries(b.pod.Spec.Containers, b.status)
	b.status.InitContainerStatuses = entries(b.pod.Spec.InitContainers, b.status)
	return findStatus(b.status, name)
}

func entries(containers []v1.Container, status *v1.PodStatus) []v1.ContainerStatus {
	var made []v1.ContainerStatus
	for i := range containers {
		if old := findStatus(status, containers[i].Name); old != nil {
			made = append(made, *old)
		} else {
			made = append(made, v1.ContainerStatus{Name: containers[i].Name, Image: containers[i].Image})
		}
	}
	return made
}

// needsRestart reports whether the container's resizePolicy requires a restart for the change.
func needsRestart(c *v1.Container, old *v1.ResourceRequirements) bool {
	for _, policy := range c.ResizePolicy {
		if policy.RestartPolicy != v1.RestartContainer {
			continue
		}
		oldRequest, newRequest := old.Requests[policy.ResourceName], c.Resources.Requests[policy.ResourceName]
		oldLimit, newLimit := old.Limits[policy.ResourceName], c.Resources.Limits[policy.ResourceName]
		if !oldRequest.Equal(newRequest) || !oldLimit.Equal(newLimit) {
			return true
		}
	}
	return false
}

package main

import (
	"crypto/sha256"
	"fmt"
	"strings"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// builder changes a copy of a pod's status towards what a kubelet would report.
type builder struct {
	pod       *v1.Pod
	steering  steering
	status    *v1.PodStatus
	now       metav1.Time
	ranBefore bool // the steered container has run before the start just made
}

// addresses are those of the pod, which may be steered, and of its node.
type addresses struct{ pod, node string }

// identify sets the fields that a kubelet sets when it accepts a pod.
func (b *builder) identify(ip addresses) {
	if b.status.StartTime == nil {
		b.status.StartTime = &b.now
	}
	if b.status.PodIP == "" {
		if b.steering.podIP != "" {
			ip.pod = b.steering.podIP
		}
		b.status.PodIP, b.status.PodIPs = ip.pod, []v1.PodIP{{IP: ip.pod}}
		b.status.HostIP, b.status.HostIPs = ip.node, []v1.HostIP{{IP: ip.node}}
	}
}

// run makes the named container run the image of its spec. It returns true if that needed a
// (re)start.
func (b *builder) run(name string) bool {
	c := findContainer(b.pod, name)
	if c == nil {
		return false
	}
	status := b.entry(name)
	if status.State.Running != nil && status.Image == c.Image {
		return false
	}
	b.ranBefore = status.ImageID != ""
	if b.ranBefore {
		if status.State.Running != nil {
			status.LastTerminationState = b.terminated(status, 0, "Completed")
		}
		status.RestartCount++
	}
	status.Image, status.ImageID = c.Image, imageID(c.Image)
	b.up(status)
	if status.Resources == nil {
		status.Resources = c.Resources.DeepCopy()
		status.AllocatedResources = c.Resources.Requests.DeepCopy()
	}
	return true
}

// runOthers keeps all containers but the steered one running; init containers are completed.
func (b *builder) runOthers() {
	for i := range b.pod.Spec.InitContainers {
		c := &b.pod.Spec.InitContainers[i]
		if c.Name == b.steering.container {
			continue
		}
		if isSidecar(c) {
			b.run(c.Name)
			continue
		}
		status := b.entry(c.Name)
		if status.State.Terminated == nil {
			status.Image, status.ImageID = c.Image, imageID(c.Image)
			b.up(status)
			status.State = b.terminated(status, 0, "Completed")
			status.Started = new(bool)
		}
	}
	for i := range b.pod.Spec.Containers {
		if name := b.pod.Spec.Containers[i].Name; name != b.steering.container {
			ran := b.ranBefore
			b.run(name)
			b.ranBefore = ran
		}
	}
}

// crash ends the named container and starts it again.
func (b *builder) crash(name string) {
	status := b.entry(name)
	status.LastTerminationState = b.terminated(status, b.steering.exitCode, b.reason())
	status.RestartCount++
	b.up(status)
}

// backOff reports the steered container as waiting after another crash.
func (b *builder) backOff() {
	c := findContainer(b.pod, b.steering.container)
	if c == nil {
		return
	}
	status := b.entry(c.Name)
	status.LastTerminationState = b.terminated(status, b.steering.exitCode, b.reason())
	status.RestartCount++
	status.Image, status.ImageID = c.Image, imageID(c.Image)
	message := fmt.Sprintf("back-off restarting failed container=%s pod=%s_%s(%s)",
		c.Name, b.pod.Name, b.pod.Namespace, b.pod.UID)
	b.wait(status, "CrashLoopBackOff", message)
}

// failPull reports the steered container as waiting because its image cannot be pulled. The reported
// image stays that of the container that ran before, if any, as with a kubelet.
func (b *builder) failPull() {
	c := findContainer(b.pod, b.steering.container)
	if c == nil {
		return
	}
	status := b.entry(c.Name)
	if status.State.Running != nil {
		status.LastTerminationState = b.terminated(status, 0, "Completed")
	}
	if status.ImageID == "" {
		status.Image = c.Image
	}
	message := fmt.Sprintf("Back-off pulling image %q: ErrImagePull: rpc error: code = NotFound "+
		"desc = failed to pull and unpack image %q: not found", c.Image, c.Image)
	b.wait(status, "ImagePullBackOff", message)
}

// resize applies changed resources, or reports why it does not. It returns true if it restarted the
// steered container.
func (b *builder) resize() bool {
	restarted, differs := false, false
	for i := range b.pod.Spec.Containers {
		c := &b.pod.Spec.Containers[i]
		status := b.entry(c.Name)
		if status.Resources == nil || equality.Semantic.DeepEqual(*status.Resources, c.Resources) {
			continue
		}
		if differs = true; b.steering.resize != "" {
			continue
		}
		if needsRestart(c, status.Resources) {
			status.LastTerminationState = b.terminated(status, 0, "Completed")
			status.RestartCount++
			b.up(status)
			restarted = restarted || c.Name == b.steering.container
		}
		status.Resources = c.Resources.DeepCopy()
		status.AllocatedResources = c.Resources.Requests.DeepCopy()
	}
	b.setResize(differs)
	return restarted
}

func (b *builder) up(status *v1.ContainerStatus) {
	started := true
	status.State = v1.ContainerState{Running: &v1.ContainerStateRunning{StartedAt: b.now}}
	status.ContainerID = fmt.Sprintf("sim://%s-%s-%d", b.pod.UID, status.Name, status.RestartCount)
	status.Started, status.Ready = &started, true
}

func (b *builder) wait(status *v1.ContainerStatus, reason, message string) {
	status.State = v1.ContainerState{Waiting: &v1.ContainerStateWaiting{Reason: reason, Message: message}}
	status.Started, status.Ready = new(bool), false
}

func (b *builder) terminated(status *v1.ContainerStatus, code int32, reason string) v1.ContainerState {
	begun := b.now
	if status.State.Running != nil {
		begun = status.State.Running.StartedAt
	}
	return v1.ContainerState{Terminated: &v1.ContainerStateTerminated{
		ExitCode: code, Reason: reason, StartedAt: begun, FinishedAt: b.now, ContainerID: status.ContainerID,
	}}
}

func (b *builder) reason() string {
	switch {
	case b.steering.reason != "":
		return b.steering.reason
	case b.steering.exitCode == 0:
		return "Completed"
	}
	return "Error"
}

func imageID(image string) string {
	name := image
	if at := strings.LastIndexAny(name, ":@"); at > strings.LastIndex(name, "/") {
		name = name[:at]
	}
	return fmt.Sprintf("%s@sha256:%x", name, sha256.Sum256([]byte(image)))
}

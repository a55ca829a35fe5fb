package main

import (
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	defaultAfter = 500 * time.Millisecond
	maxBackoff   = 30 * time.Second
)

// act is the progress of one pod's behaviour. It is a value: advance returns the next act, which is
// valid only after its status was written.
type act struct {
	key     actKey
	live    bool      // started on a running pod
	upSince time.Time // when the steered container was last started
	settled time.Time // when the pod was first Ready in this act
	crashes int
	next    time.Time // of a crash loop: the next restart
}

// actKey identifies an act: a new key starts a new act.
type actKey struct {
	behaviour behaviour
	trigger   string
	image     string
}

// advance returns the next status of a pod that is not being deleted, nil if there is no change.
// wake is the time until the next call; 0 means only when the pod changes.
func advance(a act, pod *v1.Pod, s steering, now time.Time, ip addresses) (act, *v1.PodStatus, time.Duration) {
	if ended(&pod.Status) {
		return a, nil, 0
	}
	a = a.enter(pod, s, now)
	b := &builder{pod: pod, steering: s, status: pod.Status.DeepCopy(), now: metav1.NewTime(now)}
	b.identify(ip)
	var wake time.Duration
	switch s.behaviour {
	case refuse:
		b.refuse()
	case pullError:
		b.runOthers()
		b.failPull()
		b.conclude(false)
	case crashLoop:
		b.runOthers()
		a, wake = a.loop(b, s, now)
		b.conclude(false)
	default:
		a, wake = a.runContainers(b, s, now)
	}
	b.observe()
	if equality.Semantic.DeepEqual(b.status, &pod.Status) {
		return a, nil, wake
	}
	return a, b.status, wake
}

// enter starts a new act if the steering of the pod has changed.
func (a act) enter(pod *v1.Pod, s steering, now time.Time) act {
	key := actKey{s.behaviour, s.trigger, pod.Spec.Containers[0].Image}
	if a.key == key {
		return a
	}
	begun := act{key: key, upSince: a.upSince}
	if a.key.behaviour != "" {
		begun.live = a.key.image == key.image
		return begun
	}
	begun.upSince = now
	if status := findStatus(&pod.Status, s.container); status != nil {
		// nodesim was restarted: the pod's status shows what has happened.
		begun.crashes = int(status.RestartCount)
		if status.State.Running != nil {
			begun.upSince = status.State.Running.StartedAt.Time
		}
	}
	return begun
}

// runContainers keeps all containers running, and ends or crashes the steered one when it is due.
func (a act) runContainers(b *builder, s steering, now time.Time) (act, time.Duration) {
	started := b.run(s.container)
	restarted := started && b.ranBefore
	if started {
		a.upSince = now
	}
	b.runOthers()
	if b.resize() {
		restarted, a.upSince = true, now
	}
	if a.settled.IsZero() && !restarted && isTrue(&b.pod.Status, v1.PodReady) {
		a.settled = now
	}
	due := a.settled.Add(a.delay(s))
	switch {
	case a.settled.IsZero() || restarted:
	case s.behaviour == crash && a.crashes == 0 && !now.Before(due):
		b.crash(s.container)
		a.crashes++
		a.upSince = now
		restarted = true
	case (s.behaviour == exit || s.behaviour == evict) && !now.Before(due):
		b.end(s.behaviour == evict)
		return a, 0
	}
	// A restart is reported once as not Ready; the next write makes the pod Ready again.
	readyAt := a.upSince.Add(s.readyAfter)
	up := s.behaviour != neverReady && !restarted && !now.Before(readyAt)
	b.conclude(up)
	switch {
	case s.behaviour == neverReady:
		return a, 0
	case !up:
		return a, max(readyAt.Sub(now), time.Millisecond)
	case !a.settled.IsZero() && now.Before(due):
		return a, due.Sub(now)
	}
	return a, 0
}

// delay is the time that the pod stays Ready before it crashes or exits.
func (a act) delay(s steering) time.Duration {
	switch {
	case s.after != nil:
		return *s.after
	case a.live:
		return 0
	}
	return defaultAfter
}

// loop restarts the steered container repeatedly, and doubles the delay each time.
func (a act) loop(b *builder, s steering, now time.Time) (act, time.Duration) {
	if now.Before(a.next) {
		return a, a.next.Sub(now)
	}
	b.backOff()
	delay := min(s.backoff<<min(a.crashes, 16), maxBackoff)
	a.crashes++
	a.next = now.Add(delay)
	return a, delay
}

func ended(status *v1.PodStatus) bool {
	return status.Phase == v1.PodFailed || status.Phase == v1.PodSucceeded
}

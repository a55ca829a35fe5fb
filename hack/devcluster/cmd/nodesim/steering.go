package main

import (
	"sort"
	"strconv"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
)

const (
	prefix        = "sim.echelon.dev/"
	instanceLabel = "echelon.dev/instance"
)

type behaviour string

const (
	ready      behaviour = "ready"
	readyAfter behaviour = "ready-after"
	neverReady behaviour = "never-ready"
	crash      behaviour = "crash"
	crashLoop  behaviour = "crash-loop"
	exit       behaviour = "exit"
	evict      behaviour = "evict"
	refuse     behaviour = "refuse"
	pullError  behaviour = "pull-error"
	slowStop   behaviour = "slow-stop"
	neverStop  behaviour = "never-stop"
)

// The longest first: a tag that contains crash-loop also contains crash.
var behaviours = sorted(readyAfter, neverReady, crash, crashLoop, exit, evict, refuse, pullError,
	slowStop, neverStop, ready)

func sorted(all ...behaviour) []behaviour {
	sort.SliceStable(all, func(i, j int) bool { return len(all[i]) > len(all[j]) })
	return all
}

// steering has the settings of a pod's annotations and image, with defaults.
type steering struct {
	behaviour  behaviour
	trigger    string
	container  string
	readyAfter time.Duration
	stopAfter  time.Duration
	backoff    time.Duration
	after      *time.Duration // crash-after, exit-after; nil: the default, at once on a living pod
	exitCode   int32
	reason     string
	resize     string
	podIP      string
}

func steer(pod *v1.Pod) steering {
	s := steering{behaviour: ready, container: pod.Spec.Containers[0].Name, exitCode: 1}
	s.podIP = pod.Annotations[prefix+"pod-ip"]
	s.backoff = time.Second
	if !addressed(pod) {
		return s
	}
	s.behaviour = behaviourOf(pod)
	get := func(name string) string { return pod.Annotations[prefix+name] }
	s.trigger, s.reason, s.resize = get("trigger"), get("reason"), get("resize")
	if name := get("container"); findContainer(pod, name) != nil {
		s.container = name
	}
	if code, err := strconv.ParseInt(get("exit-code"), 10, 32); err == nil {
		s.exitCode = int32(code)
	}
	defaultReady, defaultStop := time.Duration(0), time.Duration(0)
	switch s.behaviour {
	case readyAfter:
		defaultReady = 2 * time.Second
	case slowStop:
		defaultStop = 3 * time.Second
	case crash:
		s.after = duration(pod, "crash-after")
	case exit, evict:
		s.after = duration(pod, "exit-after")
	}
	s.readyAfter = durationOr(pod, "ready-after", defaultReady)
	s.stopAfter = durationOr(pod, "stop-after", defaultStop)
	s.backoff = durationOr(pod, "backoff", s.backoff)
	return s
}

// addressed is false for a pod that the annotation instances does not list.
func addressed(pod *v1.Pod) bool {
	list, ok := pod.Annotations[prefix+"instances"]
	if !ok {
		return true
	}
	id, err := strconv.Atoi(pod.Labels[instanceLabel])
	if err != nil {
		return false
	}
	for _, part := range strings.Split(list, ",") {
		low, high, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			high = low
		}
		from, err1 := strconv.Atoi(low)
		to, err2 := strconv.Atoi(high)
		if err1 == nil && err2 == nil && from <= id && id <= to {
			return true
		}
	}
	return false
}

func behaviourOf(pod *v1.Pod) behaviour {
	if said, ok := pod.Annotations[prefix+"behaviour"]; ok {
		for _, b := range behaviours {
			if string(b) == said {
				return b
			}
		}
		klog.Warningf("pod %s: %sbehaviour %q is unknown, taken as ready", klog.KObj(pod), prefix, said)
		return ready
	}
	image := pod.Spec.Containers[0].Image
	_, tag, _ := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	for _, b := range behaviours {
		if b != ready && strings.Contains("-"+tag, "-"+string(b)) {
			return b
		}
	}
	return ready
}

func duration(pod *v1.Pod, name string) *time.Duration {
	text, ok := pod.Annotations[prefix+name]
	if !ok {
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		klog.Warningf("pod %s: %s%s: %v", klog.KObj(pod), prefix, name, err)
		return nil
	}
	return &d
}

func durationOr(pod *v1.Pod, name string, absent time.Duration) time.Duration {
	if d := duration(pod, name); d != nil {
		return *d
	}
	return absent
}

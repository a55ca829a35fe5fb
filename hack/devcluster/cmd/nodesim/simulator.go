package main

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// simulator acts on pods, keyed by uid, because names are used again. The queue gives a key to one
// worker at a time and has the timers.
type simulator struct {
	client kubernetes.Interface
	fleet  *fleet
	queue  workqueue.TypedRateLimitingInterface[types.UID]

	mu   sync.Mutex
	pods map[types.UID]*record
}

// record is the state of one pod. Only the worker that has the key uses act, deleted and
// terminating.
type record struct {
	pod     *v1.Pod // the newest version, from an event or the answer to a write; guarded by mu
	ip      addresses
	act     act
	deleted bool
	// when its deletion was first observed
	terminating time.Time
}

func newSimulator(client kubernetes.Interface, fleet *fleet) *simulator {
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[types.UID](50*time.Millisecond, 5*time.Second)
	return &simulator{
		client: client, fleet: fleet, pods: map[types.UID]*record{},
		queue: workqueue.NewTypedRateLimitingQueue(limiter),
	}
}

func (s *simulator) run(ctx context.Context, workers int) error {
	bound := informers.WithTweakListOptions(func(o *metav1.ListOptions) {
		o.FieldSelector = fields.OneTermNotEqualSelector("spec.nodeName", "").String()
	})
	factory := informers.NewSharedInformerFactoryWithOptions(s.client, 0, bound,
		informers.WithTransform(dropManagedFields))
	informer := factory.Core().V1().Pods().Informer()
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(o any) { s.see(o.(*v1.Pod)) },
		UpdateFunc: func(old, o any) {
			// A deletion and a creation under the same name may arrive as one update.
			if was, is := old.(*v1.Pod), o.(*v1.Pod); was.UID != is.UID {
				s.forget(was.UID)
			}
			s.see(o.(*v1.Pod))
		},
		DeleteFunc: func(o any) {
			if last, ok := o.(cache.DeletedFinalStateUnknown); ok {
				o = last.Obj
			}
			s.forget(o.(*v1.Pod).UID)
		},
	}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		return errors.New("the pods could not be listed")
	}
	for range workers {
		go s.work(ctx)
	}
	<-ctx.Done()
	s.queue.ShutDown()
	return nil
}

func (s *simulator) see(pod *v1.Pod) {
	node, ours := s.fleet.addressOf(pod.Spec.NodeName)
	if !ours {
		return
	}
	s.mu.Lock()
	r := s.pods[pod.UID]
	if r == nil {
		r = &record{pod: pod, ip: addresses{pod: s.fleet.podIP(pod.Status.PodIP), node: node}}
		s.pods[pod.UID] = r
	} else if version(pod) > version(r.pod) {
		r.pod = pod
	}
	s.mu.Unlock()
	s.queue.Add(pod.UID)
}

func (s *simulator) forget(uid types.UID) {
	s.mu.Lock()
	delete(s.pods, uid)
	s.mu.Unlock()
}

// wakeNode queues all pods of a node that was lost.
func (s *simulator) wakeNode(node string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for uid, r := range s.pods {
		if r.pod.Spec.NodeName == node {
			s.queue.Add(uid)
		}
	}
}

// newest returns the record of a uid with the newest pod; nil if the pod no longer exists.
func (s *simulator) newest(uid types.UID) (*record, *v1.Pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.pods[uid]; r != nil {
		return r, r.pod
	}
	return nil, nil
}

func (s *simulator) work(ctx context.Context) {
	for {
		uid, down := s.queue.Get()
		if down {
			return
		}
		if err := s.act(ctx, uid); err != nil && ctx.Err() == nil {
			klog.Warning(err)
			s.queue.AddRateLimited(uid)
		} else {
			s.queue.Forget(uid)
		}
		s.queue.Done(uid)
	}
}

// act does everything that is due for one pod. Each round makes at most one write. The next round uses
// the answer to the write, because the informer may lag behind.
func (s *simulator) act(ctx context.Context, uid types.UID) error {
	for ctx.Err() == nil {
		r, pod := s.newest(uid)
		if r == nil || s.fleet.isLost(pod.Spec.NodeName) {
			return nil
		}
		steering := steer(pod)
		if pod.DeletionTimestamp != nil {
			return s.terminate(ctx, r, pod, steering)
		}
		next, status, wake := advance(r.act, pod, steering, time.Now(), r.ip)
		if status != nil {
			written, err := s.patchStatus(ctx, pod, status)
			if err != nil || written == nil {
				return err
			}
			r.act = next
			s.mu.Lock()
			if version(written) > version(r.pod) {
				r.pod = written
			}
			s.mu.Unlock()
			continue
		}
		r.act = next
		if wake > 0 {
			s.queue.AddAfter(uid, wake)
		}
		return nil
	}
	return nil
}

func version(pod *v1.Pod) uint64 {
	number, _ := strconv.ParseUint(pod.ResourceVersion, 10, 64)
	return number
}

func dropManagedFields(o any) (any, error) {
	if object, ok := o.(metav1.Object); ok {
		object.SetManagedFields(nil)
	}
	return o, nil
}

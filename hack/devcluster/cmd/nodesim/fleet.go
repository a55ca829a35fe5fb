package main

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	coordination "k8s.io/api/coordination/v1"
	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// fleet is the nodes: it makes them, renews their Leases and mends their Ready condition. It
// deletes none, and makes none again that somebody deleted.
type fleet struct {
	client      kubernetes.Interface
	options     options
	addresses   map[string]string // of each node; never changed once made
	onRecovered func(node string)

	mu      sync.Mutex
	lost    map[string]bool
	lastPod atomic.Uint32
}

func newFleet(client kubernetes.Interface, o options) *fleet {
	f := &fleet{client: client, options: o, addresses: map[string]string{}, lost: map[string]bool{}}
	for i := range o.nodes {
		f.addresses[fmt.Sprintf("%s%d", o.nodePrefix, i)] = fmt.Sprintf("172.20.%d.%d", i/250, i%250+1)
	}
	return f
}

// addressOf returns the address of a node of the fleet; false for nodes of others.
func (f *fleet) addressOf(node string) (string, bool) {
	address, ours := f.addresses[node]
	return address, ours
}

func (f *fleet) isLost(node string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lost[node]
}

// podIP returns an address nobody has, or the one a pod has already.
func (f *fleet) podIP(has string) string {
	const first = 10<<24 | 64<<16 // 10.64.0.0/10
	if known, err := netip.ParseAddr(has); err == nil && known.Is4() {
		b := known.As4()
		number := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		for last := f.lastPod.Load(); number > first && number < first+1<<22 && number-first > last; {
			if f.lastPod.CompareAndSwap(last, number-first) {
				break
			}
			last = f.lastPod.Load()
		}
		return has
	}
	number := first + f.lastPod.Add(1)
	return netip.AddrFrom4([4]byte{byte(number >> 24), byte(number >> 16), byte(number >> 8), byte(number)}).String()
}

// start returns when all nodes exist; it goes on to keep them up until ctx ends.
func (f *fleet) start(ctx context.Context) error {
	factory := informers.NewSharedInformerFactoryWithOptions(f.client, 0, informers.WithTransform(dropManagedFields))
	informer := factory.Core().V1().Nodes().Informer()
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { f.see(ctx, o.(*v1.Node)) },
		UpdateFunc: func(_, o any) { f.see(ctx, o.(*v1.Node)) },
	}); err != nil {
		return err
	}
	number := 0
	for name, address := range f.addresses {
		number++
		node := describe(name, address, number, f.options.podsPerNode)
		_, err := f.client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("node %s: %w", name, err)
		}
	}
	factory.Start(ctx.Done())
	cache.WaitForCacheSync(ctx.Done(), informer.HasSynced)
	for name := range f.addresses {
		go f.beat(ctx, name)
	}
	return nil
}

// see follows the lost annotation and mends a node that is not Ready though it is not lost.
func (f *fleet) see(ctx context.Context, node *v1.Node) {
	if _, ours := f.addresses[node.Name]; !ours {
		return
	}
	lost := node.Annotations[prefix+"lost"] == "true"
	f.mu.Lock()
	was := f.lost[node.Name]
	f.lost[node.Name] = lost
	f.mu.Unlock()
	if lost {
		return
	}
	if was && f.onRecovered != nil {
		f.onRecovered(node.Name)
	}
	if err := f.mend(ctx, node); err != nil && !gone(err) && ctx.Err() == nil {
		klog.Warningf("node %s: %v", node.Name, err)
	}
}

// beat renews the Lease of one node for as long as it is not lost.
func (f *fleet) beat(ctx context.Context, name string) {
	leases := f.client.CoordinationV1().Leases(v1.NamespaceNodeLease)
	ticker := time.NewTicker(f.options.heartbeat)
	defer ticker.Stop()
	var lease *coordination.Lease
	for {
		if !f.isLost(name) {
			var err error
			if lease == nil {
				lease, err = leases.Get(ctx, name, metav1.GetOptions{})
				if apierrors.IsNotFound(err) {
					lease, err = leases.Create(ctx, newLease(name), metav1.CreateOptions{})
				}
			} else {
				now := metav1.NowMicro()
				lease.Spec.RenewTime = &now
				lease, err = leases.Update(ctx, lease, metav1.UpdateOptions{})
			}
			if err != nil {
				lease = nil // read it again
				if ctx.Err() == nil {
					klog.Warningf("lease of node %s: %v", name, err)
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func newLease(name string) *coordination.Lease {
	now, seconds := metav1.NowMicro(), int32(40)
	return &coordination.Lease{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: v1.NamespaceNodeLease},
		Spec: coordination.LeaseSpec{
			HolderIdentity: &name, LeaseDurationSeconds: &seconds, RenewTime: &now,
		},
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
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

// fleet manages the nodes: it creates them, renews their Leases and repairs their Ready condition. It
// deletes no node, and does not create a deleted node again.
type fleet struct {
	client      kubernetes.Interface
	options     options
	members     map[string]*member // not modified after its creation
	onRecovered func(node string)
	lastPod     atomic.Uint32
}

// member is one node. Its own goroutine makes all writes; seen sends it a new version.
type member struct {
	name, address string
	number        int
	lost          atomic.Bool
	newest        atomic.Pointer[v1.Node]
	seen          chan struct{}
}

func newFleet(client kubernetes.Interface, o options) *fleet {
	f := &fleet{client: client, options: o, members: map[string]*member{}}
	for i := range o.nodes {
		name := fmt.Sprintf("%s%d", o.nodePrefix, i)
		address := fmt.Sprintf("172.20.%d.%d", i/250, i%250+1)
		f.members[name] = &member{name: name, address: address, number: i, seen: make(chan struct{}, 1)}
	}
	return f
}

// addressOf returns the address of a node of the fleet; false for nodes of others.
func (f *fleet) addressOf(node string) (string, bool) {
	if m := f.members[node]; m != nil {
		return m.address, true
	}
	return "", false
}

func (f *fleet) isLost(node string) bool {
	m := f.members[node]
	return m != nil && m.lost.Load()
}

// podIP returns an unused address, or the one that the pod already has.
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

// start returns when all nodes exist, and keeps them Ready until ctx ends.
func (f *fleet) start(ctx context.Context) error {
	factory := informers.NewSharedInformerFactoryWithOptions(f.client, 0, informers.WithTransform(dropManagedFields))
	informer := factory.Core().V1().Nodes().Informer()
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { f.see(o.(*v1.Node)) },
		UpdateFunc: func(_, o any) { f.see(o.(*v1.Node)) },
	}); err != nil {
		return err
	}
	for _, m := range f.members {
		node := describe(m, f.options.podsPerNode)
		_, err := f.client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("node %s: %w", m.name, err)
		}
	}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) {
		return errors.New("the nodes could not be listed")
	}
	for _, m := range f.members {
		go f.keepUp(ctx, m)
	}
	return nil
}

// see follows the lost annotation.
func (f *fleet) see(node *v1.Node) {
	m := f.members[node.Name]
	if m == nil {
		return
	}
	m.newest.Store(node)
	lost := node.Annotations[prefix+"lost"] == "true"
	if was := m.lost.Swap(lost); was && !lost {
		f.onRecovered(node.Name)
	}
	select {
	case m.seen <- struct{}{}:
	default: // the message is already in the channel
	}
}

// keepUp renews the Lease of a node and makes the node Ready, unless it is lost.
func (f *fleet) keepUp(ctx context.Context, m *member) {
	ticker := time.NewTicker(f.options.heartbeat)
	defer ticker.Stop()
	var lease *coordination.Lease
	renew := true
	for {
		if !m.lost.Load() {
			if renew {
				lease = f.renew(ctx, m.name, lease)
			}
			// Checked at each heartbeat, too, to repeat a failed write.
			if err := f.repair(ctx, m.newest.Load()); err != nil && !gone(err) && ctx.Err() == nil {
				klog.Warningf("node %s: %v", m.name, err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-m.seen:
			renew = false
		case <-ticker.C:
			renew = true
		}
	}
}

// renew returns the written Lease, nil if it must be read again.
func (f *fleet) renew(ctx context.Context, name string, lease *coordination.Lease) *coordination.Lease {
	leases := f.client.CoordinationV1().Leases(v1.NamespaceNodeLease)
	var err error
	if lease == nil {
		lease, err = leases.Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			lease, err = leases.Create(ctx, newLease(name), metav1.CreateOptions{})
		}
	}
	if err == nil {
		now := metav1.NowMicro()
		lease.Spec.RenewTime = &now
		lease, err = leases.Update(ctx, lease, metav1.UpdateOptions{})
	}
	if err == nil {
		return lease
	}
	if ctx.Err() == nil {
		klog.Warningf("lease of node %s: %v", name, err)
	}
	return nil
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

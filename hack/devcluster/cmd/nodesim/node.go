package main

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const kubeletVersion = "v1.36.3"

// describe returns a node as a kubelet registers it, Ready from the start.
func describe(m *member, pods int64) *v1.Node {
	capacity := v1.ResourceList{
		v1.ResourceCPU:              resource.MustParse("1000"),
		v1.ResourceMemory:           resource.MustParse("4Ti"),
		v1.ResourceEphemeralStorage: resource.MustParse("100Ti"),
		v1.ResourcePods:             *resource.NewQuantity(pods, resource.DecimalSI),
	}
	return &v1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name: m.name,
			Labels: map[string]string{
				v1.LabelHostname:          m.name,
				v1.LabelOSStable:          "linux",
				v1.LabelArchStable:        runtime.GOARCH,
				v1.LabelTopologyZone:      fmt.Sprintf("zone-%c", 'a'+m.number%3),
				prefix + "simulated-node": "true",
			},
		},
		Status: v1.NodeStatus{
			Capacity:    capacity,
			Allocatable: capacity,
			Conditions:  conditions(),
			Addresses: []v1.NodeAddress{
				{Type: v1.NodeInternalIP, Address: m.address},
				{Type: v1.NodeHostName, Address: m.name},
			},
			NodeInfo: v1.NodeSystemInfo{
				KubeletVersion: kubeletVersion, OperatingSystem: "linux", Architecture: runtime.GOARCH,
				OSImage: "simulated", ContainerRuntimeVersion: "sim://1",
			},
		},
	}
}

func conditions() []v1.NodeCondition {
	now := metav1.Now()
	condition := func(kind v1.NodeConditionType, status v1.ConditionStatus, reason string) v1.NodeCondition {
		return v1.NodeCondition{
			Type: kind, Status: status, Reason: reason, LastHeartbeatTime: now, LastTransitionTime: now,
		}
	}
	return []v1.NodeCondition{
		condition(v1.NodeReady, v1.ConditionTrue, "KubeletReady"),
		condition(v1.NodeMemoryPressure, v1.ConditionFalse, "KubeletHasSufficientMemory"),
		condition(v1.NodeDiskPressure, v1.ConditionFalse, "KubeletHasNoDiskPressure"),
		condition(v1.NodePIDPressure, v1.ConditionFalse, "KubeletHasSufficientPID"),
	}
}

// repair makes a node Ready again and removes the taint of new nodes, which only a controller-manager
// would remove otherwise.
func (f *fleet) repair(ctx context.Context, node *v1.Node) error {
	if node == nil {
		return nil
	}
	if !nodeReady(node) {
		fresh := node.DeepCopy()
		fresh.Status.Conditions = conditions()
		updated, err := f.client.CoreV1().Nodes().UpdateStatus(ctx, fresh, metav1.UpdateOptions{})
		if err != nil {
			return err
		}
		node = updated
	}
	var kept []v1.Taint
	for _, taint := range node.Spec.Taints {
		if taint.Key != v1.TaintNodeNotReady {
			kept = append(kept, taint)
		}
	}
	if len(kept) == len(node.Spec.Taints) {
		return nil
	}
	fresh := node.DeepCopy()
	fresh.Spec.Taints = kept
	_, err := f.client.CoreV1().Nodes().Update(ctx, fresh, metav1.UpdateOptions{})
	return err
}

func nodeReady(node *v1.Node) bool {
	for i := range node.Status.Conditions {
		if node.Status.Conditions[i].Type == v1.NodeReady {
			return node.Status.Conditions[i].Status == v1.ConditionTrue
		}
	}
	return false
}

func newDialer() func(context.Context, string, string) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return dialer.DialContext
}

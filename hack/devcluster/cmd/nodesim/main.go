package main

import (
	"context"
	"flag"
	"os/signal"
	"syscall"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

type options struct {
	kubeconfig  string
	nodes       int
	nodePrefix  string
	podsPerNode int64
	workers     int
	heartbeat   time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig file; empty: in-cluster")
	flag.IntVar(&o.nodes, "nodes", 10, "how many nodes to simulate")
	flag.StringVar(&o.nodePrefix, "node-prefix", "sim-", "names of the nodes: prefix and a number from 0")
	flag.Int64Var(&o.podsPerNode, "pods-per-node", 2000, "pod capacity of a node")
	flag.IntVar(&o.workers, "workers", 64, "pods acted on at the same time")
	flag.DurationVar(&o.heartbeat, "heartbeat", 4*time.Second, "how often a node renews its Lease")
	klog.InitFlags(nil)
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		klog.Fatal(err)
	}
}

func run(ctx context.Context, o options) error {
	pods, err := newClient(o.kubeconfig)
	if err != nil {
		return err
	}
	// Heartbeats have their own connection, so that a thousand pods do not delay a heartbeat.
	beats, err := newClient(o.kubeconfig)
	if err != nil {
		return err
	}
	fleet := newFleet(beats, o)
	simulator := newSimulator(pods, fleet)
	fleet.onRecovered = simulator.wakeNode
	if err := fleet.start(ctx); err != nil {
		return err
	}
	return simulator.run(ctx, o.workers)
}

func newClient(kubeconfig string) (kubernetes.Interface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = -1 // no limit
	config.UserAgent = "nodesim"
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	// Clients with equal configurations share a connection; this one has its own dialer and connection.
	config.Dial = newDialer()
	return kubernetes.NewForConfig(rest.CopyConfig(config))
}

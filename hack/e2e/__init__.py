"""Real nodes on this machine: kubelet, containerd and runc, for the end-to-end tests."""

"""Disturbs the operator on a real control plane, and judges what it did; see docs/chaos.md.

`scenarios` are what users do; `kills`, `faults`, `failover` and `outages` are what happens to the
operator meanwhile. `fuzz` tries objects of every content, without a control plane.
"""

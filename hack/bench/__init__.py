"""`make bench`: what Echelon costs, measured on a real control plane with simulated nodes.

Figures of one run may be compared with each other, never with those of another machine or hour.
"""

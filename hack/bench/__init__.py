"""`make bench` measures what Echelon costs, on a real control plane with simulated nodes.

Compare only figures of the same run: other machines, or the same machine an hour later, differ.
"""

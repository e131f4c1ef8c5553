"""The loan calculation as one would write it by hand in other tools: scripts `IN OUT` that keep all columns.

They know nothing of bad rows, readings, versions of the policy or explanations: they are what a file costs at least.
"""

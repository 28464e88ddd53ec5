"""The process of one run, which a worker starts.

Importing Prefect and the flows takes seconds of computing: for each run, after each approval and each crash.
So the first run of a worker starts a process that does it once and then waits, and each run is a copy of it.
What the worker has started knows nothing of Prefect and stands in for the copy: it hands over its environment
and its outputs, passes signals on, and ends as the copy ends; when one of them dies, the other does. Where
there can be no such process, it is Prefect's engine itself.
"""

"""The tests. They run beside each other: one thread of linear algebra each, or they wait for one another spinning."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

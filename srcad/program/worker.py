"""The thread that compiles in the background: one, started when it is first needed, that ends with the process."""

from __future__ import annotations

import atexit
import os
import queue
import sys
import threading
from collections.abc import Callable

Task = Callable[[], None]


class Worker:
    """Does one task after the other.  The process may end at any time: what waits is dropped, and what runs is awaited,
    since a thread that is in XLA's compiler can't be stopped."""

    def __init__(self) -> None:
        self.tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self.thread: threading.Thread | None = None
        self.idle = threading.Event()
        self.idle.set()
        self.lock = threading.Lock()
        self.waiting = 0
        self.ending = False
        self.forked = False  # are we a child that was forked after JAX was imported, which then can hang there?

    def submit(self, task: Task) -> None:
        with self.lock:
            if self.ending or self.forked:
                return
            self.idle.clear()
            self.waiting += 1
            self.tasks.put(task)
            if self.thread is None:
                self.ends_first()
                self.thread = threading.Thread(target=self._work, name="srcad compiles", daemon=True)
                self.thread.start()

    @property
    def busy(self) -> bool:
        return not self.idle.is_set()

    def wait(self, seconds: float | None = None) -> bool:
        """Until everything that was submitted is done; was it, in time?"""
        return self.idle.wait(seconds)

    def ends_first(self) -> None:
        """What was imported until now and has something to do at the end of the process (JAX) does it after `end`."""
        atexit.unregister(self.end)
        atexit.register(self.end)

    def end(self) -> None:
        self.ending = True
        self.tasks.put(None)
        if self.thread is not None and self.thread is not threading.current_thread():
            self.thread.join()

    def after_fork(self) -> None:
        """In the child, where the thread is not."""
        self.__init__()  # type: ignore[misc]
        self.forked = "jax" in sys.modules

    def _work(self) -> None:
        while True:
            task = self.tasks.get()
            if task is None or self.ending:
                return
            try:
                task()
            finally:
                with self.lock:
                    self.waiting -= 1
                    if not self.waiting:
                        self.idle.set()


WORKER = Worker()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=WORKER.after_fork)

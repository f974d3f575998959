"""Short tasks, of seconds: they take turns with the epochs of the runs, so that nothing trains next to a run."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from dropout_mnist.messages.message import Message
from dropout_mnist.server.limits import RefusedError

Result = TypeVar("Result")


@dataclass
class Task(Generic[Result]):
    """Work that is waiting, being done, or done.

    Attributes:
        work: is given a function that says whether to stop, and asks it often.
        owner: who asked for it.
        future: its result, or the error that ended it; cancelled if it was stopped before it began.
        stop: a request to stop it.
    """

    work: Callable[[Callable[[], bool]], Result]
    owner: str
    future: Future[Result] = field(default_factory=Future)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def active(self) -> bool:
        """Whether it is waiting or being done."""
        return not self.future.done()

    def cancel(self) -> None:
        """Ask it to stop; if it is waiting, it does not begin."""
        self.stop.set()
        self.future.cancel()

    def run(self) -> None:
        """Do the work, unless it was cancelled."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            self.future.set_result(self.work(self.stop.is_set))
        # The thread serves everyone: whatever ends one task must not end the next.
        except Exception as error:
            self.future.set_exception(error)


class Tasks:
    """The tasks of all visitors, in the order in which they were asked for. Any thread may use it.

    Args:
        changed: notified of a new task; its lock guards this object.
        most: how many may wait.
    """

    def __init__(self, changed: threading.Condition, most: int) -> None:
        self._changed = changed
        self._most = most
        self._waiting: list[Task[Any]] = []
        self._working: Task[Any] | None = None
        self._closed = False

    def __bool__(self) -> bool:
        """Whether a task is waiting."""
        return bool(self._waiting)

    def submit(self, work: Callable[[Callable[[], bool]], Result], owner: str) -> Task[Result]:
        """Queue a task.

        Raises:
            RefusedError: this person has one already, too many are waiting, or the server is about to end.
        """
        with self._changed:
            if self._closed:
                raise RefusedError(Message("This server is about to end."))
            self._waiting = [task for task in self._waiting if task.active]
            if any(task.owner == owner and task.active for task in self._all()):
                raise RefusedError(Message("This server is learning from your digits already: wait until it is done."))
            if len(self._waiting) >= self._most:
                raise RefusedError(
                    Message("The queue is full: {most} visitors are waiting. Try again later.", most=self._most)
                )
            task = Task(work, owner)
            self._waiting.append(task)
            self._changed.notify_all()
            return task

    def run_all(self) -> None:
        """Do what is waiting, on this thread."""
        while True:
            with self._changed:
                if not self._waiting:
                    return
                self._working = self._waiting.pop(0)
            self._working.run()
            with self._changed:
                self._working = None

    def close(self) -> None:
        """Cancel all tasks, and refuse others."""
        with self._changed:
            self._closed = True
            for task in self._all():
                task.cancel()

    def _all(self) -> list[Task[Any]]:
        return [*self._waiting, *([self._working] if self._working else [])]

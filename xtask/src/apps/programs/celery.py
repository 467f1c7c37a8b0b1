"""A worker of celery, a broker in memory, and a task with its result."""
from celery import Celery
from celery.contrib.testing.worker import start_worker

tasks = Celery("tasks", broker="memory://", backend="cache+memory://")


@tasks.task
def add(a, b):
    return a + b


def main():
    with start_worker(tasks, perform_ping_check=False, pool="threads"):
        print("sum", add.delay(40, 2).get(timeout=60))

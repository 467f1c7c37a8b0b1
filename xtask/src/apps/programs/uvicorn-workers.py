"""Two server processes, started by spawning this Python anew with a socket that they inherit."""
import os
import signal
import subprocess
import sys
import time
import urllib.request

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

asgi = Starlette(routes=[Route("/", lambda request: PlainTextResponse(f"{os.getppid()}"))])


def main():
    words = ["-m", "uvicorn", "app:asgi", "--port=18438", "--workers=2", "--log-level=critical"]
    master = subprocess.Popen([sys.executable, *words], stdin=subprocess.PIPE)
    for _ in range(600):
        try:
            answer = urllib.request.urlopen("http://127.0.0.1:18438/").read().decode()
            break
        except OSError:
            time.sleep(0.1)
    else:
        sys.exit("no answer")
    master.send_signal(signal.SIGTERM)
    master.wait()
    print("served by a worker of the master:", answer == str(master.pid))

"""A process that has imported everything and forks a ``scrapy`` for each request.

A command is a process of its own all the same, with its own signals and its own end; only the
seconds of imports that each of hundreds would cost are paid once. With ``torch`` among its
arguments the server imports that as well, for the commands that look at photos themselves.

In: one JSON line a command (arguments, environment, folder, the files for its output). Out:
``{"pid": …}`` at once and ``{"pid": …, "status": …}`` when it has ended.
"""

import importlib
import json
import os
import select
import sys

READY_MADE = (
    "scrapy.commands",
    "scrapy.extensions",
    "scrapy.downloadermiddlewares",
    "scrapy.spidermiddlewares",
    "scrapy.core.engine",
    "enrichscrapy.commands",
    "enrichscrapy.spiders",
    "enrichscrapy.pipelines",
    "enrichscrapy.extensions",
    "enrichscrapy.downloadermiddlewares",
    "enrichscrapy.core",
    "enrichscrapy.reporting",
)
TORCH = ("enrichscrapy.faces.engine", "enrichscrapy.faces.facenet.network", "demo.stand_in")


def serve():
    """The request to carry out, in a child; None when there are no more, in the server."""
    buffer = b""
    while True:
        readable, _, _ = select.select([0], [], [], 0.02)
        report_ended()
        if not readable:
            continue
        received = os.read(0, 65536)
        if not received:
            return None
        *lines, buffer = (buffer + received).split(b"\n")
        for line in lines:
            child = os.fork()
            if child == 0:
                return json.loads(line)
            report(pid=child)


def report_ended():
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        report(pid=pid, status=os.waitstatus_to_exitcode(status))


def report(**message):
    os.write(1, json.dumps(message).encode() + b"\n")


def become(request):
    """Take over what makes a process of its own."""
    os.setsid()
    os.chdir(request["folder"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for name, target in (("out", 1), ("err", 2)):
        os.dup2(os.open(request[name], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), target)
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[:0] = [request["folder"], *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    sys.argv = ["scrapy", *request["arguments"]]
    import enrichscrapy.settings

    importlib.reload(enrichscrapy.settings)  # it read the environment of this server


if __name__ == "__main__":
    from scrapy.utils.misc import walk_modules_iter

    for name in (*READY_MADE, *(TORCH if "torch" in sys.argv else ())):
        list(walk_modules_iter(name))
    if (wanted := serve()) is not None:
        become(wanted)
        from scrapy.cmdline import execute

        execute()

"""A process that has imported everything and forks a ``scrapy`` for each request.

A crawl is a process of its own all the same, with its own signals and its own end; only the
second of imports that each of dozens would cost is paid once.

In: one JSON line a crawl (arguments, environment, folder, log). Out: ``{"pid": …}`` at once and
``{"pid": …, "status": …}`` when it has ended.
"""

import importlib
import json
import os
import select
import sys

READY_MADE = (
    "scrapy.cmdline",
    "scrapy.core.engine",
    "enrichscrapy.spiders.babepedia",
    "enrichscrapy.spiders.iafd",
    "enrichscrapy.pipelines.store",
    "enrichscrapy.pipelines.faces",
    "enrichscrapy.extensions.judge",
    "enrichscrapy.extensions.shutdown",
    "enrichscrapy.downloadermiddlewares.challenge",
    "enrichscrapy.core.handler",
)


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
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = ["scrapy", *request["arguments"]]


if __name__ == "__main__":
    for name in READY_MADE:
        importlib.import_module(name)
    if (wanted := serve()) is not None:
        become(wanted)
        from scrapy.cmdline import execute

        execute()

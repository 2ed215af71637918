"""Face models that do not come back."""

import os
import signal
import sys
import threading

from demo.stand_in import LocalBinaryPatterns


class AsleepTheSecondTime(LocalBinaryPatterns):
    """Answers for one batch, then never again."""

    answered = False

    def embed(self, crops):
        if self.answered:
            print("the model sleeps", file=sys.stderr, flush=True)
            threading.Event().wait()
        self.answered = True
        return super().embed(crops)


class KilledTheSecondTime(LocalBinaryPatterns):
    """Answers for one batch; then it is killed, and its successors too while they start."""

    answered = False

    @classmethod
    def load(cls, options):
        if os.path.exists(os.environ["KILLED"]):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().load(options)

    def embed(self, crops):
        if self.answered:
            open(os.environ["KILLED"], "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        self.answered = True
        return super().embed(crops)

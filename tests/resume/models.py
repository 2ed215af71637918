"""A face model that does not come back."""

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

"""A face model that does not come back."""

import threading

from demo.stand_in import LocalBinaryPatterns


class AsleepTheSecondTime(LocalBinaryPatterns):
    """Answers for one batch, then never again."""

    answered = False

    def embed(self, crops):
        if self.answered:
            threading.Event().wait()
        self.answered = True
        return super().embed(crops)

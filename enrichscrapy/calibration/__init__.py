"""What thresholds let in and keep out, measured on faces of known people."""

from enrichscrapy.calibration.people import People, read_database, read_photos
from enrichscrapy.calibration.proposal import Proposal, fitted, propose
from enrichscrapy.calibration.rates import Rate, trials_needed
from enrichscrapy.calibration.trials import Trials, run_trials

__all__ = [
    "People",
    "Proposal",
    "Rate",
    "Trials",
    "fitted",
    "propose",
    "read_database",
    "read_photos",
    "run_trials",
    "trials_needed",
]

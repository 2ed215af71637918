"""What thresholds accept and reject, measured on faces of known people.

May import reporting, faces, database, verdicts and what lies below; no Scrapy.
"""

from enrichscrapy.calibration.lookups import (
    SIZES,
    Cases,
    Index,
    Indexed,
    Page,
    SimulatedLookup,
    Tally,
    draw_enough,
    draw_lookups,
    judge_lookups,
    pool_cases,
)
from enrichscrapy.calibration.people import People, read_database, read_photos
from enrichscrapy.calibration.proposal import Proposal, fit_to_trials, propose, tighten
from enrichscrapy.calibration.rates import Rate, count_trials_needed
from enrichscrapy.calibration.trials import COUNTS, Trials, run_trials

__all__ = [
    "COUNTS",
    "SIZES",
    "Cases",
    "Index",
    "Indexed",
    "Page",
    "People",
    "Proposal",
    "Rate",
    "SimulatedLookup",
    "Tally",
    "Trials",
    "count_trials_needed",
    "draw_enough",
    "draw_lookups",
    "fit_to_trials",
    "judge_lookups",
    "pool_cases",
    "propose",
    "read_database",
    "read_photos",
    "run_trials",
    "tighten",
]

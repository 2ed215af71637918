"""``scrapy calibrate``: what the thresholds do on faces of known people, and better ones."""

from __future__ import annotations

import argparse
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from enrichscrapy.command import EnrichCommand, open_existing
from enrichscrapy.exceptions import BadSetting, EnrichError, NoDatabase
from enrichscrapy.faces.model import ModelKind, resolve_model
from enrichscrapy.faces.options import FaceOptions
from enrichscrapy.items import ModelInfo
from enrichscrapy.settings_reader import ProjectSettings
from enrichscrapy.verdicts import RULE_VERSION, Thresholds, fingerprint

if TYPE_CHECKING:
    from enrichscrapy.calibration.people import People


# Strangers' faces shown in whole lookups where nothing is proposed.
_SHOWN = 1000


class Command(EnrichCommand):
    summary = "Measure the verdicts' thresholds on known faces, and propose others"
    about = """Compares known people's faces with each other and prints, for 1, 2, 3 and 5 trusted
    faces, how many right photos and how many strangers' each threshold accepts and rejects, with 95
    % bounds; then makes up whole pages of these photos, right ones, mixed ones and wrong ones, and
    prints the verdicts on their faces, rule by rule. Proposes thresholds that keep strangers to a
    wanted share, as single photos and in whole pages, unless the trials are too few to show it.
    --apply stores them with the face model they were measured for; no other model uses them. A
    share of 0.02 % takes some minutes. Exit codes: 0 measured (and applied), 1 no proposal, 2 bad
    setting or argument."""

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "--faces",
            metavar="DIR",
            help="measure on this folder of labelled photos instead of the database: a "
            "labels.csv with the columns file and identity, or one sub-folder a person",
        )
        parser.add_argument(
            "--strangers",
            type=float,
            default=0.02,
            metavar="PERCENT",
            help="the share of strangers' photos to accept at most, in per cent; default: 0.02",
        )
        parser.add_argument("--apply", action="store_true", help="put the proposal in force")
        parser.add_argument(
            "--reset", action="store_true", help="put the model's own defaults back in force"
        )
        parser.add_argument("-o", "--output", metavar="FILE", help="draw the curves as SVG")

    def execute(self, args: list[str], opts: argparse.Namespace, settings: ProjectSettings) -> int:
        if not 0 < opts.strangers < 50:
            raise UsageError(f"--strangers {opts.strangers:g} is no share: give e.g. 0.02")
        if opts.apply and opts.reset:
            raise UsageError("--apply and --reset contradict each other")
        options = FaceOptions.from_settings(settings)
        info, model = options.describe_model(), resolve_model(options.model)
        if opts.reset:
            with open_existing(settings) as database:
                database.faces.set_thresholds(database.faces.ensure_model(info), None)
            print(f"{info.name}: the model's own thresholds are in force.")
            return 0
        return self._measure(opts, settings, info, model)

    def _measure(
        self,
        opts: argparse.Namespace,
        settings: ProjectSettings,
        info: ModelInfo,
        model: ModelKind,
    ) -> int:
        from enrichscrapy.calibration.curves import draw_curves
        from enrichscrapy.calibration.lookups import draw_enough, judge_lookups
        from enrichscrapy.calibration.proposal import fit_to_trials, propose, tighten
        from enrichscrapy.calibration.rates import count_trials_needed
        from enrichscrapy.calibration.report import report_lookups, report_proposal, report_trials
        from enrichscrapy.calibration.trials import COUNTS, run_trials
        from enrichscrapy.verdicts import judge

        in_force, wanted = self._find_thresholds(settings, info, model), opts.strangers / 100
        people = self._gather_people(opts.faces, settings, info)
        trials = run_trials(people, in_force)
        print("\n".join(report_trials(trials, in_force)))
        base = fit_to_trials(in_force, trials)
        trials = run_trials(people, base)
        proposal = propose(trials, base, wanted)
        strangers = _SHOWN if proposal.thresholds is None else count_trials_needed(wanted)
        lookups = draw_enough(people, COUNTS, strangers)
        print("\n".join(report_lookups(judge_lookups(lookups, judge, in_force))), flush=True)
        proposal = tighten(proposal, lookups)
        print("\n".join(report_proposal(proposal, trials)))
        if opts.output:
            _write(Path(opts.output), draw_curves(trials, proposal.thresholds or base))
        if proposal.thresholds is None:
            return 1
        print("\n".join(report_lookups(judge_lookups(lookups, judge, proposal.thresholds))))
        if opts.apply:
            stored = replace(proposal.thresholds, model=fingerprint(info))
            with open_existing(settings) as database:
                database.faces.set_thresholds(database.faces.ensure_model(info), stored.to_json())
            print(f"In force for {info.name} from now on.")
        return 0

    def _find_thresholds(
        self, settings: ProjectSettings, info: ModelInfo, model: ModelKind
    ) -> Thresholds:
        """What this model is judged by today; for a model without any, a place to start from."""
        stored = None
        with suppress(NoDatabase), open_existing(settings) as database:
            model_id = database.faces.find_model(info)
            stored = None if model_id is None else database.faces.get_thresholds(model_id)
        if stored is not None and stored.get("rules") != RULE_VERSION:
            self.say(
                "the thresholds in force belong to older rules: measuring from the model's own"
            )
            stored = None
        if stored is None and not hasattr(model, "default_thresholds"):
            self.say(f"{info.name} has no thresholds yet: measuring from those of VGGFace2")
            return Thresholds(background="")
        return Thresholds.for_model(info, stored, model)

    def _gather_people(
        self, directory: str | None, settings: ProjectSettings, info: ModelInfo
    ) -> People:
        from enrichscrapy.calibration.labelled import list_labelled_photos
        from enrichscrapy.calibration.people import read_database, read_photos

        if directory is not None:
            files = list_labelled_photos(Path(directory))
            # Loading torch takes seconds: do it only for photos.
            from enrichscrapy.faces.engine import FaceEngine

            # Every face counts here, good or bad: the rules have to cope with both.
            engine = FaceEngine(FaceOptions.from_settings(settings).open_gates())
            people, counts = read_photos(files, engine)
            found = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count)
            self.say(f"photos: {found or 'none'}")
            return people
        with open_existing(settings) as database:
            model_id = database.faces.find_model(info)
            database.faces.refuse_unmoved(model_id, info)
            if model_id is None:
                raise BadSetting(
                    f"the database has no faces of {info.name}: run scrapy import-faces DIR "
                    "first, or calibrate --faces DIR"
                )
            people = read_database(database, model_id, confirmed_only=True)
            if len(people.ids) > 1:
                return people
            if not hasattr(resolve_model(settings.FACE_MODEL), "default_thresholds"):
                raise EnrichError(
                    f"{info.name} has no thresholds, and of {len(people.ids)} people two faces are "
                    "confirmed by a person: what another model's rules accepted would tell nothing "
                    "about this one; import photos of your own, confirm faces in scrapy review, or "
                    "give calibrate --faces DIR"
                )
            self.say(
                "too few faces that a person confirmed: measuring on those the rules accepted, "
                "which makes misses look rarer than they are"
            )
            return read_database(database, model_id, confirmed_only=False)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise EnrichError(f"{path} cannot be written: {error.strerror}") from error
    print(f"{path}: the curves")

"""A stage that quotes what it broke over, as a programming error may."""

from enrichscrapy.items import Lookup


class QuotingStage:
    def process_item(self, lookup: Lookup) -> Lookup:
        try:
            raise KeyError(lookup.performer.birth_date)
        except KeyError as error:
            raise ValueError(f"no use for {lookup.performer}, {lookup.profile}") from error

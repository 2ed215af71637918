"""The slug assertions of the plan that the project grew out of; only construction is adapted."""

from enrichscrapy.items import ReferenceSiteMode
from enrichscrapy.spiders.babepedia import BabepediaSpider
from enrichscrapy.spiders.iafd import IAFDSpider


class TestBabepediaSlugMethods:
    def test_source_type_is_reference_site(self):
        assert BabepediaSpider().source_type == "reference_site"

    def test_gender_filter_is_female(self):
        assert BabepediaSpider().gender_filter == "FEMALE"

    def test_extract_slug_from_url(self):
        scraper = BabepediaSpider()

        # Standard URL
        assert (
            scraper.extract_slug_from_url("https://www.babepedia.com/babe/Mia_Malkova")
            == "Mia_Malkova"
        )

        # Without www
        assert (
            scraper.extract_slug_from_url("https://babepedia.com/babe/Angela_White")
            == "Angela_White"
        )

        # With query string
        assert (
            scraper.extract_slug_from_url("https://www.babepedia.com/babe/Test_Name?ref=123")
            == "Test_Name"
        )

        # Non-matching URL
        assert scraper.extract_slug_from_url("https://iafd.com/person/test") is None

    def test_name_to_slug(self):
        scraper = BabepediaSpider()
        assert scraper.name_to_slug("Mia Malkova") == "Mia_Malkova"
        assert scraper.name_to_slug("Angela White") == "Angela_White"
        assert scraper.name_to_slug("Single") == "Single"


class TestIAFDSlugMethods:
    def test_source_type_is_reference_site(self):
        assert IAFDSpider().source_type == "reference_site"

    def test_gender_filter_is_none(self):
        assert IAFDSpider().gender_filter is None

    def test_extract_slug_from_url(self):
        scraper = IAFDSpider()

        # Standard URL with perfid
        url = "https://www.iafd.com/person.rme/perfid=miamalkova/Mia-Malkova.htm"
        assert scraper.extract_slug_from_url(url) == "miamalkova"

        # Different format
        url2 = "https://iafd.com/person.rme/perfid=angelawhite/Angela-White.htm"
        assert scraper.extract_slug_from_url(url2) == "angelawhite"

        # Non-matching URL
        assert scraper.extract_slug_from_url("https://babepedia.com/babe/test") is None

    def test_name_to_slug(self):
        scraper = IAFDSpider()
        assert scraper.name_to_slug("Mia Malkova") == "miamalkova"
        assert scraper.name_to_slug("Angela White") == "angelawhite"
        assert scraper.name_to_slug("Mary-Jane") == "maryjane"


class TestReferenceSiteMode:
    def test_reference_site_mode_enum_exists(self):
        assert ReferenceSiteMode.URL_LOOKUP.value == "url"
        assert ReferenceSiteMode.NAME_LOOKUP.value == "name"

    def test_spider_accepts_reference_site_mode(self):
        assert BabepediaSpider(mode="name").mode == ReferenceSiteMode.NAME_LOOKUP

    def test_spider_defaults_to_url_mode(self):
        assert BabepediaSpider().mode == ReferenceSiteMode.URL_LOOKUP

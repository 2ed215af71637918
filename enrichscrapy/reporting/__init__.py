"""What the database says, for people: counts, a performer's story, the report page. No Scrapy."""

"""Tables of the performer database (SQLAlchemy Core).

``performers``, ``aliases``, ``external_urls``, ``stashbox_ids`` and ``merged_ids`` carry the
names and columns of a stash-sense ``performers.db``. Times are UTC seconds since the epoch (REAL)
in the project's own tables, and ISO text in the imported ones, where people already read them so.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    column,
    text,
)

from enrichscrapy.database.dialects.expressions import (
    KEY_ONLY,
    NEVER_REUSED,
    Whole,
    caseless,
    has_accents,
    is_odd_date,
    only_where,
)

metadata = MetaData()


def _make_performer_id(**kwargs: Any) -> Column[int]:
    return Column(
        "performer_id",
        ForeignKey("performers.id", ondelete="CASCADE"),
        nullable=False,
        **kwargs,
    )


performers = Table(
    "performers",
    metadata,
    Column("id", Whole, primary_key=True),
    Column("canonical_name", Text, nullable=False),
    Column("disambiguation", Text),
    Column("gender", Text),
    Column("country", Text),
    Column("ethnicity", Text),
    Column("birth_date", Text),
    Column("death_date", Text),
    Column("height_cm", Whole),
    Column("eye_color", Text),
    Column("hair_color", Text),
    Column("career_start_year", Whole),
    Column("career_end_year", Whole),
    Column("scene_count", Whole),
    Column("stashdb_updated_at", Text),
    Column("face_count", Whole),
    Column("image_url", Text),
    Column("created_at", Text),
    Column("updated_at", Text),
    # The first row this performer came from: "<file name>#<row id>"; see "import_rows".
    Column("import_key", Text, unique=True),
    Index("performers_by_name", caseless(column("canonical_name")), "id"),
    # Who may be a minor is asked at every crawl's start.
    Index("performers_by_birth_date", "birth_date"),
    Index(
        "performers_odd_birth_date",
        "birth_date",
        "id",
        **only_where(is_odd_date(column("birth_date"))),
    ),
    # Names that plain LIKE does not find when they are typed without their accents.
    Index(
        "performers_accented",
        "canonical_name",
        "id",
        **only_where(has_accents(column("canonical_name"))),
    ),
    **NEVER_REUSED,  # an id is never given to somebody else
)

stashbox_ids = Table(
    "stashbox_ids",
    metadata,
    _make_performer_id(index=True),
    Column("endpoint", Text, primary_key=True),
    Column("stashbox_performer_id", Text, primary_key=True),
)

merged_ids = Table(
    "merged_ids",
    metadata,
    _make_performer_id(index=True),
    Column("merged_stashbox_id", Text, primary_key=True),
    Column("endpoint", Text, primary_key=True),
)

# Each row of an imported file that was this performer, as the file called it: with these a file is
# known again after it was renamed or renumbered, and its ids are told from this database's.
# A row without a performer was not taken in: its number is nobody's here.
import_rows = Table(
    "import_rows",
    metadata,
    Column("row_id", Text, primary_key=True),
    Column("file", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("performer_id", Whole, ForeignKey("performers.id", ondelete="CASCADE"), index=True),
    **KEY_ONLY,
)

# Birth dates that a file gave and nobody could read: until somebody has seen to it ("seen_at"),
# the performer is not looked up.
unread_birth_dates = Table(
    "unread_birth_dates",
    metadata,
    _make_performer_id(primary_key=True),
    Column("text", Text, nullable=False),
    Column("seen_at", Float),
)

external_urls = Table(
    "external_urls",
    metadata,
    Column("id", Whole, primary_key=True),
    _make_performer_id(),
    # Derived from the link's host on the way in; the importing file's own "site" is not trusted.
    Column("site", Text),
    Column("url", Text, nullable=False),
    # The profile's id on its site; null for a link of a known site that is no profile.
    Column("normalized_id", Text),
    Column("source_endpoint", Text),
    Column("confidence", Float),
    Column("created_at", Text),
    UniqueConstraint("performer_id", "url"),
    Index("external_urls_by_site", "site", "performer_id", "id"),
)

aliases = Table(
    "aliases",
    metadata,
    Column("id", Whole, primary_key=True),
    _make_performer_id(),
    Column("alias", Text, nullable=False),
    Column("source_endpoint", Text),
    Column("created_at", Text),
    UniqueConstraint("performer_id", "alias"),
    Index("aliases_by_name", caseless(column("alias")), "performer_id"),
    Index("aliases_accented", "alias", "performer_id", **only_where(has_accents(column("alias")))),
)

lookups = Table(
    "lookups",
    metadata,
    Column("source", Text, primary_key=True),
    Column("mode", Text, primary_key=True),
    _make_performer_id(primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("url", Text),
    Column("http_status", Whole),
    Column("detail", Text, nullable=False, default=""),
    Column("identity", Text),
    # The page that was found, by its site's own id: kept when another performer gets it.
    Column("page", Text),
    Column("evidence", JSON, nullable=False, default=dict),
    # Which parts the page had ({"name": true, "photos": false, …}); null when no profile was read.
    # The layout watch compares shares of these.
    Column("page_parts", JSON(none_as_null=True)),
    Column("model_id", Whole, ForeignKey("models.id")),
    # Failures in a row; a refusal counts in "blocks" and never uses up the attempts.
    Column("attempts", Whole, nullable=False, default=0),
    Column("blocks", Whole, nullable=False, default=0),
    # When it is due again; null for an ended lookup and for one that was given up.
    Column("next_attempt_at", Float),
    Column("updated_at", Float, nullable=False),
    Index(
        "lookups_retry",
        "source",
        "mode",
        "performer_id",
        "next_attempt_at",
        "updated_at",
        **only_where(text("next_attempt_at IS NOT NULL")),
    ),
    Index(
        "lookups_found",
        "source",
        "mode",
        "model_id",
        "performer_id",
        **only_where(text("outcome = 'found'")),
    ),
    Index("lookups_revisit", "source", "mode", "updated_at", "performer_id"),
    Index("lookups_by_performer", "performer_id"),
    Index("lookups_by_page", "source", "page", **only_where(text("page IS NOT NULL"))),
    Index("lookups_by_time", "source", "updated_at"),
    Index(
        "lookups_stuck",
        "performer_id",
        "next_attempt_at",
        **only_where(text("outcome IN ('blocked', 'failed')")),
    ),
    Index(
        "lookups_troubles",
        "source",
        "outcome",
        "detail",
        "updated_at",
        **only_where(text("outcome NOT IN ('found', 'absent')")),
    ),
)

# Sources whose never looked-up performers are kept in "pending".
sources = Table("sources", metadata, Column("name", Text, primary_key=True))

# Who was never looked up. No index can find "no row in the ledger": with a million performers done,
# the search for the last one would walk past all of them. So this is a copy of the view
# "never_looked_up", the only place that says who belongs there; triggers renew a performer's part
# of it in the transaction that changes a table behind the view. Another trigger makes a site's
# lookup by link due at once when the link is new or changed, whatever program wrote it. View and
# triggers are made by the steps of migrations.py.
pending = Table(
    "pending",
    metadata,
    Column("source", Text, primary_key=True),
    Column("mode", Text, primary_key=True),
    _make_performer_id(primary_key=True),
    Column("gender", Text, nullable=False),  # lower case, empty when unknown
    Index("pending_by_performer", "performer_id"),
    **KEY_ONLY,
)

photos = Table(
    "photos",
    metadata,
    Column("id", Whole, primary_key=True),
    _make_performer_id(),
    Column("url", Text, nullable=False),
    # Null when the bytes never arrived, and for a second address of known bytes (see duplicate_of).
    Column("sha256", Text),
    Column("duplicate_of", Whole, ForeignKey("photos.id", ondelete="CASCADE"), index=True),
    Column("phash", Text),
    Column("width", Whole),
    Column("height", Whole),
    Column("source", Text, nullable=False),
    Column("seen_at", Float, nullable=False),
    UniqueConstraint("performer_id", "url"),
    UniqueConstraint("performer_id", "sha256"),
    Index("photos_by_sha256", "sha256"),
    Index("photos_by_phash", "phash"),
)

# The pictures that performers have in the user's Stash. "wanted" tells the picture of now from
# others, as far as it was asked about; "taken" is what that was when it was last looked at.
stash_pictures = Table(
    "stash_pictures",
    metadata,
    Column("file", Text, primary_key=True),  # as in "import_rows"
    Column("row_id", Text, primary_key=True),
    _make_performer_id(index=True),
    Column("wanted", Text, nullable=False),
    Column("taken", Text),
    Column("md5", Text),  # of the bytes that were looked at
    # The photo that it gave; null where it gave none, or where the bytes were known already.
    Column("photo_id", Whole, ForeignKey("photos.id", ondelete="SET NULL"), index=True),
    **KEY_ONLY,
)

# Running Stashes that performers were read from, and up to which change.
stash_servers = Table(
    "stash_servers",
    metadata,
    Column("address", Text, primary_key=True),
    Column("changed_upto", Text, nullable=False),  # as the server writes it
)

models = Table(
    "models",
    metadata,
    Column("id", Whole, primary_key=True),
    Column("name", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("preprocessing", Text, nullable=False),
    Column("dimension", Whole, nullable=False),
    # The calibrated thresholds in force for this model; null means the rules' own defaults.
    Column("thresholds", JSON(none_as_null=True)),
    Column("created_at", Float, nullable=False),
    UniqueConstraint("name", "sha256", "preprocessing"),
)

photo_results = Table(
    "photo_results",
    metadata,
    Column("photo_id", Whole, ForeignKey("photos.id", ondelete="CASCADE"), primary_key=True),
    Column("model_id", Whole, ForeignKey("models.id"), primary_key=True),
    Column("outcome", Text, nullable=False),
    Column("detail", Text, nullable=False, default=""),
    Column("created_at", Float, nullable=False),
)

faces = Table(
    "faces",
    metadata,
    Column("id", Whole, primary_key=True),
    _make_performer_id(),
    Column(
        "photo_id", Whole, ForeignKey("photos.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("model_id", Whole, ForeignKey("models.id"), nullable=False),
    Column("source", Text, nullable=False),
    Column("vector", LargeBinary),  # little-endian float32, as many as the model has
    Column("crop", LargeBinary),
    # [x1, y1, x2, y2] of the photo that the crop shows; null: the box with the margin of before.
    Column("crop_area", JSON(none_as_null=True)),
    Column("box", JSON, nullable=False),
    Column("landmarks", JSON, nullable=False),
    Column("detection_score", Float, nullable=False),
    Column("quality", Float, nullable=False),
    Column("measures", JSON, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("trusted", Boolean, nullable=False, default=False),
    Column("reason", Text, nullable=False),
    Column("distances", JSON, nullable=False),
    Column("rule_version", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    CheckConstraint(
        "verdict IN ('accepted', 'rejected', 'quarantined', 'retired')", name="known_verdict"
    ),
    CheckConstraint(
        "verdict <> 'rejected' OR (vector IS NULL AND crop IS NULL)", name="rejected_keeps_nothing"
    ),
    CheckConstraint("verdict <> 'accepted' OR vector IS NOT NULL", name="accepted_has_vector"),
    Index("faces_by_performer", "performer_id", "model_id", "verdict"),
    Index("faces_by_verdict", "model_id", "verdict", "id"),
    # Counts are read from here alone: a face's row, with its vector and crop, is kilobytes.
    Index("faces_told", "model_id", "verdict", "reason", "source", "performer_id", "trusted"),
    Index(
        "faces_waiting",
        "performer_id",
        "id",
        "source",
        **only_where(text("verdict = 'quarantined' AND reason <> 'suppressed'")),
    ),
    Index(
        "faces_alike",
        "performer_id",
        **only_where(text("reason IN ('people_too_alike', 'suspected_merge', 'other_performer')")),
    ),
    **NEVER_REUSED,  # ids are the index's ids: never reused
)

# Vectors that kept faces will have under another model: written batch by batch, taken over all at
# once (see reembedding.py). Empty at any other time.
face_vectors = Table(
    "face_vectors",
    metadata,
    Column("face_id", Whole, ForeignKey("faces.id", ondelete="CASCADE"), primary_key=True),
    Column("model_id", Whole, ForeignKey("models.id"), nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("quality", Float, nullable=False),
    Column("measures", JSON, nullable=False),
)

# What a rejection by a person took away, for as long as it can be undone (see rejections.py).
rejected_faces = Table(
    "rejected_faces",
    metadata,
    Column("face_id", Whole, ForeignKey("faces.id", ondelete="CASCADE"), primary_key=True),
    Column("model_id", Whole, ForeignKey("models.id"), nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("crop", LargeBinary),
    Column("until", Float, nullable=False),
)

# A sequence, written in the same transaction as any change to the accepted set. It outlives the
# faces it speaks of: an index has to learn of removals too. Ids only.
face_changes = Table(
    "face_changes",
    metadata,
    Column("seq", Whole, primary_key=True),
    Column("face_id", Whole, nullable=False),
    Column("model_id", Whole, nullable=False),
    Column("change", Text, nullable=False),  # "added" or "removed"
    CheckConstraint("change IN ('added', 'removed')", name="known_change"),
    Index("face_changes_by_model", "model_id", "seq"),
    **NEVER_REUSED,
)

verdict_history = Table(
    "verdict_history",
    metadata,
    Column("id", Whole, primary_key=True),
    Column(
        "face_id", Whole, ForeignKey("faces.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("verdict", Text, nullable=False),
    Column("trusted", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_by", Text, nullable=False),  # "rules", "review", "import", "retention"
    Column("at", Float, nullable=False),
)

proposals = Table(
    "proposals",
    metadata,
    Column("id", Whole, primary_key=True),
    _make_performer_id(),
    # "alias", "link", "birth_date", "death_date" or "country"
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("label", Text),  # for a link: its kind, as "instagram"
    Column("source", Text, nullable=False),
    Column("url", Text),
    Column("seen_at", Float, nullable=False),
    Column("identity", Text),  # how sure it is that the page is the performer's
    Column("state", Text, nullable=False, server_default="open"),  # "open", "accepted", "rejected"
    Column("decided_by", Text),  # "person", or "box": its entry is the performer's own
    Column("decided_at", Float),
    Column("replaced", Text),  # the value that an accepted one took the place of
    UniqueConstraint("performer_id", "kind", "value", "source"),
    Index("proposals_by_state", "state", "performer_id", "id"),
)

# What a Stash was sent of a performer, so that nothing is sent twice. "stash" is its address.
sent_values = Table(
    "sent_values",
    metadata,
    _make_performer_id(primary_key=True),
    Column("stash", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # as in "proposals", or "faces"
    Column("value", Text, primary_key=True),
    Column("sent_at", Float, nullable=False),
    **KEY_ONLY,
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("delay", Float),  # seconds, as learnt by AutoThrottle
    Column("crawl_delay", Float),  # seconds, from robots.txt
    Column("last_request_at", Float),
    Column("not_before", Float),  # Retry-After
    Column("budget_day", Text),  # UTC day, ISO
    Column("budget_used", Whole, nullable=False, default=0),
    Column("circuit", Text, nullable=False, default="closed"),  # closed, open, half_open
    Column("circuit_until", Float),
    Column("circuit_pause", Float),  # seconds; doubled after each probe in vain
    Column("circuit_reason", Text),
    Column("refusals", Whole, nullable=False, default=0),  # in a row
    Column("failures", Whole, nullable=False, default=0),  # in a row: out of reach or broken
    # The cookies of a passed challenge, so that it need not be passed again until they expire.
    Column("clearance", JSON),
    Column("robots_digest", Text),
    Column("robots_fetched_at", Float),
    Column("updated_at", Float),
    # Whose request is out, of several machines' crawls; the worker may be dead by now.
    Column("turn_worker", Whole),
    Column("clearance_machine", Text),
    Column("clearance_agent", Text),  # the User-Agent it was won under
    # What was fetched at "robots_fetched_at", for the crawls of other machines.
    Column("robots_text", LargeBinary),
)

artefacts = Table(
    "artefacts",
    metadata,
    Column("id", Whole, primary_key=True),
    Column("kind", Text, nullable=False),  # "jobdir", "log", "report", "export"
    Column("path", Text, nullable=False),  # absolute
    Column("created_at", Float, nullable=False),
    Column("machine", Text, nullable=False, server_default=""),  # empty where there is only one
    UniqueConstraint("machine", "path"),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("id", Whole, primary_key=True),
    Column("kind", Text, nullable=False),  # "link", "id", "row", "name", "spelling"; "key": the key
    Column("digest", Text, nullable=False),  # HMAC-SHA256 under the key beside the database
    Column("created_at", Float, nullable=False),
    UniqueConstraint("kind", "digest"),
)

# Performers of this database that match a suppression. By link or id they are kept out; by name
# alone until somebody has looked and confirmed that this is another person.
suppressed_performers = Table(
    "suppressed_performers",
    metadata,
    _make_performer_id(primary_key=True),
    Column("kind", Text, nullable=False),  # as in "suppressions"
    Column("confirmed_at", Float),  # not the suppressed one; null while nobody has said so
)

# One row: what tells this database from any other, whatever file it is in.
origin = Table("origin", metadata, Column("token", Text, primary_key=True))

# Erasures that were begun: what a killed one leaves is finished by whatever command comes next.
erasures = Table(
    "erasures",
    metadata,
    Column("id", Whole, primary_key=True),
    Column("kind", Text, nullable=False),  # "person", or "minor": what no row of theirs may keep
    Column("person_id", Whole),  # the performer's id; null for somebody the database has not
    Column("traits", JSON(none_as_null=True)),  # of a person; null as soon as they are not needed
    Column("begun_at", Float, nullable=False),
    **NEVER_REUSED,
)

# Machines that share the database and hold files of it; none where it is a file itself.
machines = Table(
    "machines",
    metadata,
    Column("name", Text, primary_key=True),
    Column("first_seen", Float, nullable=False),
    Column("last_seen", Float, nullable=False),
    Column("struck_off_at", Float),  # a person has said that it will not come back
    # What tells it from another of that name; a file in its STATE_DIR says the same.
    Column("token", Text, nullable=False, server_default=""),
)

# Which machines an erasure was asked of; "answered_at" is null until they hold nothing any more.
erasure_answers = Table(
    "erasure_answers",
    metadata,
    Column("erasure_id", ForeignKey("erasures.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "machine", ForeignKey("machines.name", ondelete="CASCADE"), primary_key=True, index=True
    ),
    Column("answered_at", Float),
)

# Crawls that run on a shared database. One that is not heard of until "expires_at" is dead.
workers = Table(
    "workers",
    metadata,
    Column("id", Whole, primary_key=True),
    Column("machine", ForeignKey("machines.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("pid", Whole, nullable=False),
    Column("source", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("started_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    **NEVER_REUSED,
)

# Lookups that a crawl has claimed; they are another's once its worker is dead.
leases = Table(
    "leases",
    metadata,
    Column("source", Text, primary_key=True),
    Column("mode", Text, primary_key=True),
    _make_performer_id(primary_key=True, index=True),
    Column("worker_id", ForeignKey("workers.id", ondelete="CASCADE"), nullable=False, index=True),
    **KEY_ONLY,
)

# Whose word makes a performer a minor. While any row's day has not come, nothing of the performer
# is kept, looked up or written.
minors = Table(
    "minors",
    metadata,
    _make_performer_id(primary_key=True),
    Column("said_by", Text, primary_key=True),  # "database" or a source
    Column("adult_on", Text, nullable=False),  # ISO day: the 18th birthday, at the latest
)

# One row: when the gallery was last looked at, and before that visit; with the newest face then.
visits = Table(
    "visits",
    metadata,
    Column("id", Whole, primary_key=True),
    Column("seen_at", Float, nullable=False),
    Column("seen_face", Whole, nullable=False),
    Column("since_at", Float, nullable=False),
    Column("since_face", Whole, nullable=False),
)

schema_migrations = Table(
    "schema_migrations",
    metadata,
    Column("name", Text, primary_key=True),
    Column("applied_at", Float, nullable=False),
)

"""The conservation checker: after anything that happened, are all promises kept?

`violations(suite, history)` waits until everything under way is finished, then holds the rows of every service, the
seller's history and the mailbox against each other, and returns what is wrong, a sentence each. It shares no rule with
the services: prices, windows and caps are worked out here again, from the terms of each order version alone.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import asyncpg
import grpc

from deploy.local.launch import Suite
from leadline.intake.v1 import intake_service_pb2 as intake_pb
from leadline.intake.v1 import ledger_service_pb2 as ledger_pb
from leadline.intake.v1.ledger_service_pb2_grpc import LedgerServiceStub
from shared.catalog.snapshot import decode
from tests.chaos.history import Sent, contradictions
from tests.chaos.order_terms import Books, bought, caps, paces, prices

#: Longer than the lease of a delivery whose worker was killed (30 s).
QUIET_SECONDS = 60.0
#: Most sentences of one kind that are told.
_MOST = 5

_UNDER_WAY = """
SELECT (SELECT count(*) FROM outbox.message) + (SELECT count(*) FROM intake.pending)
     + (SELECT count(*) FROM routing.delivery WHERE state = 'waiting')
"""

# Each query finds rows that must not be there; `what` is the sentence.
ROWS: Mapping[str, str] = {
    "outbox": """
        SELECT format('message %s of %s still waits', message_id, consumer) AS what FROM outbox.message
        UNION ALL SELECT format('message %s of %s is dead: %s', message_id, consumer, failure) FROM outbox.dead_letter
    """,
    "pending": """
        SELECT format('lead %s is still pending', lead_id) AS what FROM intake.lead WHERE outcome = 'pending'
        UNION ALL SELECT format('lead %s waits and is not pending', p.lead_id) FROM intake.pending AS p
            JOIN intake.lead AS l USING (buyer_id, lead_id) WHERE l.outcome <> 'pending'
    """,
    "bids": """
        SELECT format('ping %s still holds its place a minute after its end', ping_id) AS what FROM intake.hold
            WHERE expires_at < now() - interval '1 minute'
        UNION ALL SELECT format('ping %s still holds its place for lead %s, which is decided', h.ping_id, h.lead_id)
            FROM intake.hold AS h JOIN intake.lead AS l USING (buyer_id, lead_id) WHERE l.outcome <> 'pending'
        UNION ALL SELECT format('lead %s took up %s bids', lead_id, count(*)) FROM intake.ping
            WHERE lead_id IS NOT NULL GROUP BY lead_id HAVING count(*) > 1
        UNION ALL SELECT format('lead %s is not paid as ping %s was bid', lead_id, p.ping_id)
            FROM intake.ping AS p JOIN intake.lead AS l USING (buyer_id, lead_id)
            WHERE l.outcome = 'accepted' AND (p.outcome, p.seller, p.order_slug, p.order_version, p.price_minor)
                  IS DISTINCT FROM ('bid', l.seller, l.order_slug, l.order_version, l.price_minor)
    """,
    "submissions": """
        SELECT format('submission %s has no lead', submission_key) AS what FROM intake.submission AS s
            WHERE NOT EXISTS (SELECT FROM intake.lead AS l WHERE l.buyer_id = s.buyer_id AND l.lead_id = s.lead_id)
        UNION ALL SELECT format('lead %s has no submission', lead_id) FROM intake.lead AS l
            WHERE NOT EXISTS (SELECT FROM intake.submission AS s
                              WHERE s.buyer_id = l.buyer_id AND s.lead_id = l.lead_id)
        UNION ALL SELECT format('%s leads of %s have the id %s', count(*), seller, external_id) FROM intake.lead
            WHERE external_id <> '' GROUP BY buyer_id, seller, external_id HAVING count(*) > 1
        UNION ALL SELECT format('lead %s has no person', lead_id) FROM intake.lead AS l
            WHERE NOT EXISTS (SELECT FROM intake.person AS p WHERE p.buyer_id = l.buyer_id AND p.lead_id = l.lead_id)
    """,
    "charges": """
        SELECT format('lead %s was bought for %s and is not charged so', l.lead_id, l.price_minor) AS what
            FROM intake.lead AS l LEFT JOIN ledger.transfer AS t
              ON t.buyer_id = l.buyer_id AND t.lead_id = l.lead_id AND t.kind = 'charge'
             AND t.amount_minor = l.price_minor AND t.currency = l.currency AND t.seller = l.seller
             AND t.order_slug = l.order_slug AND t.order_version = l.order_version
             AND t.debit_account = 'spend:' || l.order_slug AND t.credit_account = 'payable:' || l.seller
            WHERE l.outcome = 'accepted' AND NOT l.test AND l.price_minor > 0 AND t.transfer_id IS NULL
        UNION ALL SELECT format('charge %s is for no bought lead', t.transfer_id)
            FROM ledger.transfer AS t LEFT JOIN intake.lead AS l
              ON l.buyer_id = t.buyer_id AND l.lead_id = t.lead_id AND l.outcome = 'accepted' AND NOT l.test
            WHERE t.kind = 'charge' AND l.lead_id IS NULL
        UNION ALL SELECT format('lead %s is charged %s times', lead_id, count(*)) FROM ledger.transfer
            WHERE kind = 'charge' GROUP BY lead_id HAVING count(*) > 1
    """,
    "claims": """
        SELECT format('lead %s was bought and its person is not claimed', lead_id) AS what FROM intake.lead AS l
            WHERE outcome = 'accepted' AND NOT test
              AND NOT EXISTS (SELECT FROM dedup.identity_claim AS c
                              WHERE c.buyer_id = l.buyer_id AND c.lead_id = l.lead_id)
        UNION ALL SELECT format('lead %s claims a person and was not bought', c.lead_id) FROM dedup.identity_claim AS c
            WHERE NOT EXISTS (SELECT FROM intake.lead AS l WHERE l.buyer_id = c.buyer_id AND l.lead_id = c.lead_id
                              AND l.outcome = 'accepted' AND NOT l.test)
    """,
    "follow-up": """
        SELECT format('lead %s was bought and has %s e-mails handed off', l.lead_id, count(d.delivery_id)) AS what
            FROM intake.lead AS l LEFT JOIN routing.delivery AS d
              ON d.buyer_id = l.buyer_id AND d.lead_id = l.lead_id AND d.state = 'handed_off'
            WHERE l.outcome = 'accepted' AND NOT l.test GROUP BY l.lead_id HAVING count(d.delivery_id) <> 1
        UNION ALL SELECT format('%s %s follows up lead %s, which was not bought', f.kind, f.id, f.lead_id)
            FROM (SELECT 'task' AS kind, buyer_id, task_id AS id, lead_id FROM routing.call_task
                  UNION ALL SELECT 'delivery', buyer_id, delivery_id, lead_id FROM routing.delivery) AS f
            WHERE NOT EXISTS (SELECT FROM intake.lead AS l WHERE l.buyer_id = f.buyer_id AND l.lead_id = f.lead_id
                              AND l.outcome = 'accepted' AND NOT l.test)
        UNION ALL SELECT format('task %s is for team %s, the lead for %s', t.task_id, t.team, l.team)
            FROM routing.call_task AS t JOIN intake.lead AS l USING (buyer_id, lead_id) WHERE t.team <> l.team
    """,
    "evidence": """
        SELECT format('lead %s was bought and has %s records of its consent', l.lead_id, count(e.position)) AS what
            FROM intake.lead AS l LEFT JOIN compliance.evidence AS e
              ON e.buyer_id = l.buyer_id AND e.lead_id = l.lead_id AND e.kind = 'consent'
            WHERE l.outcome = 'accepted' AND NOT l.test GROUP BY l.lead_id HAVING count(e.position) <> 1
        UNION ALL SELECT format('evidence %s is of a lead that was not bought', e.position)
            FROM compliance.evidence AS e
            WHERE NOT EXISTS (SELECT FROM intake.lead AS l WHERE l.buyer_id = e.buyer_id AND l.lead_id = e.lead_id
                              AND l.outcome = 'accepted' AND NOT l.test)
        UNION ALL SELECT format('evidence %s does not follow evidence %s', e.position, e.position - 1)
            FROM compliance.evidence AS e LEFT JOIN compliance.evidence AS before
              ON before.buyer_id = e.buyer_id AND before.position = e.position - 1
            WHERE e.previous_hash <> coalesce(before.hash, decode(repeat('00', 32), 'hex'))
    """,
    "reporting": """
        SELECT format('reporting says (%s) of %s, the leads say (%s)', concat_ws(', ', r.submitted, r.accepted,
                      r.charged, r.spend), seller, concat_ws(', ', l.submitted, l.accepted, l.charged, l.spend)) AS what
        FROM (SELECT seller, sum(submitted)::bigint AS submitted, sum(accepted)::bigint AS accepted,
                     sum(charged)::bigint AS charged, sum(spend_minor)::bigint AS spend
              FROM reporting.funnel WHERE span = 'hour' GROUP BY seller) AS r
        FULL JOIN (SELECT l.seller, count(*) AS submitted, count(*) FILTER (WHERE l.outcome = 'accepted') AS accepted,
                          count(t.transfer_id) AS charged, coalesce(sum(t.amount_minor), 0)::bigint AS spend
                   FROM intake.lead AS l LEFT JOIN ledger.transfer AS t
                     ON t.buyer_id = l.buyer_id AND t.lead_id = l.lead_id AND t.kind = 'charge'
                   WHERE NOT l.test AND l.outcome <> 'pending' GROUP BY l.seller) AS l USING (seller)
        WHERE (r.submitted, r.accepted, r.charged, r.spend)
              IS DISTINCT FROM (l.submitted, l.accepted, l.charged, l.spend)
        UNION ALL SELECT format('reporting says other sums of %s by the hour, the day and the month', seller)
        FROM (SELECT seller, span, concat_ws(', ', sum(submitted), sum(accepted), sum(charged), sum(spend_minor),
                     sum(credited_minor), sum(fees_minor), sum(adjusted_minor), sum(held_minor)) AS sums
              FROM reporting.funnel GROUP BY seller, span) AS spans
        GROUP BY seller HAVING count(*) <> 3 OR count(DISTINCT sums) <> 1
    """,
    "money": """
        SELECT format('reporting says (%s) of %s, %s, %s in the hour of %s, the ledger says (%s)', r.sums, seller,
                      source, order_slug, hour, l.sums) AS what
        FROM (SELECT seller, source, order_slug, order_version, currency, starts_at AS hour,
                     concat_ws(', ', sum(charged), sum(spend_minor), sum(credited_minor), sum(fees_minor),
                               sum(adjusted_minor), sum(held_minor)) AS sums
              FROM reporting.funnel WHERE span = 'hour'
              GROUP BY seller, source, order_slug, order_version, currency, starts_at
              HAVING bool_or(charged <> 0 OR credited_minor <> 0 OR fees_minor <> 0 OR adjusted_minor <> 0
                             OR held_minor <> 0)) AS r
        FULL JOIN (
            SELECT t.seller, coalesce(l.source, '') AS source, t.order_slug, t.order_version, t.currency,
                   date_trunc('hour', t.posted_at, 'UTC') AS hour,
                   concat_ws(', ', count(*) FILTER (WHERE kind = 'charge'),
                             coalesce(sum(amount_minor) FILTER (WHERE kind = 'charge'), 0),
                             coalesce(sum(CASE kind WHEN 'credit' THEN amount_minor WHEN 'reversal' THEN -amount_minor
                                          END), 0),
                             coalesce(sum(amount_minor) FILTER (WHERE kind = 'fee'), 0),
                             coalesce(sum(CASE WHEN kind <> 'adjustment' THEN 0
                                          WHEN credit_account = 'payable:' || t.seller THEN amount_minor
                                          ELSE -amount_minor END), 0),
                             coalesce(sum(CASE kind WHEN 'hold' THEN amount_minor WHEN 'release' THEN -amount_minor
                                          END), 0)) AS sums
              FROM ledger.transfer AS t LEFT JOIN intake.lead AS l USING (buyer_id, lead_id)
             GROUP BY 1, 2, 3, 4, 5, 6) AS l USING (seller, source, order_slug, order_version, currency, hour)
        WHERE r.sums IS DISTINCT FROM l.sums
          -- What was credited and taken back within the hour leaves nothing to report.
          AND coalesce(r.sums, l.sums) <> '0, 0, 0, 0, 0, 0'
    """,
}

_LEADS = """
SELECT l.lead_id, l.seller, l.outcome, l.order_slug, l.order_version, l.price_minor, l.received_at, l.lead_type,
       l.answer, l.external_id, l.source, l.catalog_revision, l.test,
       p.fields::jsonb ->> 'state' AS state, p.fields::text AS fields,
       (SELECT count(*) FROM routing.call_task AS t WHERE t.buyer_id = l.buyer_id AND t.lead_id = l.lead_id) AS tasks,
       -- A lead that took up a bid is paid what was bid, and uses the place that was held when it was pinged.
       CASE WHEN l.outcome = 'accepted' THEN g.price_minor END AS bid_minor,
       coalesce(g.received_at, l.received_at) AS counted_at
FROM intake.lead AS l JOIN intake.person AS p USING (buyer_id, lead_id)
LEFT JOIN intake.ping AS g USING (buyer_id, lead_id)
"""

_HOLDS = """
SELECT d.order_slug, d.window_kind, d.starts_at, h.price_minor
FROM intake.hold AS h
CROSS JOIN LATERAL unnest(h.orders, h.windows, h.starts_at) AS d (order_slug, window_kind, starts_at)
"""

_REPEATED_CLAIMS = """
SELECT c.digest, c.kind, c.lead_id, c.claimed_at, earlier.lead_id AS earlier_lead, earlier.claimed_at AS earlier_at
FROM dedup.identity_claim AS c JOIN dedup.identity_claim AS earlier
  ON earlier.buyer_id = c.buyer_id AND earlier.digest = c.digest AND earlier.kind = c.kind
 AND (earlier.claimed_at, earlier.lead_id) < (c.claimed_at, c.lead_id)
"""


async def violations(suite: Suite, history: Sequence[Sent]) -> list[str]:
    """Everything that is wrong once all is quiet; empty where every promise is kept."""
    found = [text for sent in history for text in contradictions(sent)][:_MOST]
    found += await asyncio.to_thread(_books, suite)
    connection = await asyncpg.connect(suite.postgres_url)
    try:
        await quiet(connection)
        found += await row_violations(connection)
        found += await _history_violations(connection, history)
        found += await _mail_violations(connection, suite.directory.mail)
    finally:
        await connection.close()
    return found


async def quiet(connection: asyncpg.Connection, seconds: float = QUIET_SECONDS) -> None:
    """Wait until nothing is under way, `seconds` at most; what then still is, the checks will find."""
    until = time.monotonic() + seconds
    while await connection.fetchval(_UNDER_WAY) and time.monotonic() < until:  # noqa: ASYNC110 - rows, not events
        await asyncio.sleep(0.1)


async def row_violations(connection: asyncpg.Connection) -> list[str]:
    """What is wrong with the rows that one connection sees."""
    found: list[str] = []
    for name, sql in ROWS.items():
        found += [f"{name}: {row['what']}" for row in (await connection.fetch(sql))[:_MOST]]
    books = Books(
        leads=await connection.fetch(_LEADS),
        repeated=await connection.fetch(_REPEATED_CLAIMS),
        capacity=await connection.fetch("SELECT * FROM routing.capacity"),
        holds=await connection.fetch(_HOLDS),
        catalogs={
            row["revision"]: decode(row["document"])
            for row in await connection.fetch("SELECT revision, document FROM catalog.snapshot")
        },
    )
    for check in (prices, _answers, _windows, caps, paces, _tasks):
        found += check(books)[:_MOST]
    return found


def _answers(books: Books) -> list[str]:
    """The stored answer says what the row says."""
    outcomes = {"accepted": intake_pb.OUTCOME_ACCEPTED, "rejected": intake_pb.OUTCOME_REJECTED}
    found = []
    for lead in books.leads:
        if lead["outcome"] == "pending":
            continue
        answer = intake_pb.LeadAnswer.FromString(lead["answer"])
        said = (answer.lead_id, answer.outcome, answer.price.amount_minor)
        if said != (str(lead["lead_id"]), outcomes[lead["outcome"]], lead["price_minor"]):
            found.append(f"lead {lead['lead_id']} was answered otherwise than it is stored")
        if (lead["outcome"] == "rejected") != bool(answer.reasons):
            found.append(f"lead {lead['lead_id']} is {lead['outcome']} with {len(answer.reasons)} reasons")
    return found


def _windows(books: Books) -> list[str]:
    """No identity is bought twice within the window of the order that buys it again."""
    leads = {lead["lead_id"]: lead for lead in books.leads}
    found = []
    for claim in books.repeated:
        lead = leads.get(claim["lead_id"])
        order = books.order_of(lead) if lead is not None else None
        if order is None or claim["kind"] not in order.duplicates.match:
            continue
        if claim["claimed_at"] - claim["earlier_at"] < timedelta(days=order.duplicates.window_days):
            found.append(f"{claim['kind']} of lead {claim['earlier_lead']} was bought again as {claim['lead_id']}")
    return found


def _tasks(books: Books) -> list[str]:
    """A call task for each call that a bought lead's playbook makes at once."""
    found = []
    for lead in bought(books):
        order = books.order_of(lead)
        catalog = books.catalogs[lead["catalog_revision"]]
        book = next((one for one in catalog.playbooks if order and one.slug == order.follow_up.playbook), None)
        calls = sum(step.at_once and step.channel == "call" for step in book.steps) if book else 0
        if lead["tasks"] != calls:
            found.append(f"lead {lead['lead_id']} has {lead['tasks']} call tasks instead of {calls}")
    return found


async def _history_violations(connection: asyncpg.Connection, history: Sequence[Sent]) -> list[str]:
    """Whatever a client was told is what is stored, under its key."""
    rows = await connection.fetch(
        """
        SELECT s.seller, s.submission_key, s.lead_id::text, l.outcome, l.price_minor
        FROM intake.submission AS s JOIN intake.lead AS l USING (buyer_id, lead_id)
        """
    )
    kept = {(row["seller"], row["submission_key"]): row for row in rows}
    found = []
    for sent in history:
        row = kept.get((sent.lead.seller, f"id:{sent.lead.external_id}"))
        if sent.acknowledged and row is None:
            found.append(f"submission {sent.lead.external_id} was acknowledged and is lost")
        if row is None or sent.final is None:
            continue
        told = (sent.final["lead_id"], sent.final["outcome"], _minor(sent.final["price"]["amount"]))
        if told != (row["lead_id"], row["outcome"], row["price_minor"]):
            found.append(f"submission {sent.lead.external_id} was told {told} and is stored as {tuple(row)[2:]}")
    return found[:_MOST]


def _minor(amount: str) -> int:
    whole, _, cents = amount.partition(".")
    return int(whole) * 100 + int(cents or 0)


_MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([0-9a-f-]{36})@", re.MULTILINE | re.IGNORECASE)


async def _mail_violations(connection: asyncpg.Connection, mail: Path) -> list[str]:
    """Every e-mail that was handed off is in the mailbox. Twice is allowed: delivery is at least once."""
    arrived = set()
    for file in (mail / "new").iterdir():
        if (named := _MESSAGE_ID.search(file.read_bytes())) is not None:
            arrived.add(named[1].decode())
    rows = await connection.fetch("SELECT delivery_id::text AS id FROM routing.delivery WHERE state = 'handed_off'")
    return [f"e-mail {row['id']} was handed off and is not in the mailbox" for row in rows if row["id"] not in arrived][
        :_MOST
    ]


def _books(suite: Suite) -> list[str]:
    """intake's own check of the ledger."""
    with grpc.insecure_channel(suite.target("intake"), options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        books = LedgerServiceStub(channel).CheckBooks(ledger_pb.CheckBooksRequest(), timeout=20.0, wait_for_ready=True)
    return [f"ledger: {defect}" for defect in books.defects] + ([] if books.balanced else ["ledger: not balanced"])

"""The SQL of `bench.duck`: these KPIs as a DuckDB user would compute them, one scan per family of events.

Windows have only a few distinct edges. Each fact is assigned once to the slot between two of them; a window is a sum of
slots, and anything counted once per window (a visitor) is a bit mask of slots. The statements cover just what the
benchmark's events need: no duplicates, late corrections, merged ids, refunds, robots, currencies, time zones or
erasures.
"""

from typing import Final

TYPES: Final = """
CREATE TYPE kind AS ENUM (
    'crm.page.viewed', 'crm.email.sent', 'crm.email.delivered', 'crm.email.opened', 'crm.email.clicked',
    'crm.social.liked', 'crm.social.commented', 'crm.social.shared', 'crm.social.impression', 'crm.call.ended',
    'crm.deal.created', 'crm.deal.stage_changed', 'crm.deal.won', 'crm.deal.lost'
)
"""

# Amounts in cents, times in ms UTC.
LOAD: Final = """
CREATE TABLE events AS
SELECT tenantid AS tenant, type::kind AS type, epoch_ms(time) AS t, id, data.customer_id AS customer,
       data.message_id AS message, data.deal_id AS deal, data.direction, data.outcome,
       (data.amount::DECIMAL(18, 2) * 100)::BIGINT AS amount
FROM read_json(?, format = 'newline_delimited', columns = {
    tenantid: 'VARCHAR', type: 'VARCHAR', time: 'TIMESTAMP', id: 'VARCHAR',
    data: 'STRUCT(customer_id VARCHAR, message_id VARCHAR, deal_id VARCHAR, direction VARCHAR, outcome VARCHAR,
                  amount VARCHAR)'
})
"""

# The start of `all` is before every event.
WINDOWS: Final = """
CREATE OR REPLACE TEMP TABLE windows AS
WITH clock AS (SELECT make_timestamp_ms(?::BIGINT) AS now, date_trunc('day', now - INTERVAL 1 MILLISECOND) AS today)
SELECT span.name, epoch_ms(span.low) AS low, epoch_ms(span.high) AS high
FROM clock, LATERAL (VALUES
    ('15m', now - INTERVAL 15 MINUTE, now),
    ('1h', now - INTERVAL 1 HOUR, now),
    ('24h', now - INTERVAL 24 HOUR, now),
    ('7d', today - INTERVAL 6 DAY, now),
    ('30d', today - INTERVAL 29 DAY, now),
    ('90d', today - INTERVAL 89 DAY, now),
    ('365d', today - INTERVAL 364 DAY, now),
    ('today', today, now),
    ('week', date_trunc('week', today), now),
    ('month', date_trunc('month', today), now),
    ('quarter', date_trunc('quarter', today), now),
    ('year', date_trunc('year', today), now),
    ('yesterday', today - INTERVAL 1 DAY, today),
    ('last_week', date_trunc('week', today) - INTERVAL 7 DAY, date_trunc('week', today)),
    ('last_month', date_trunc('month', today) - INTERVAL 1 MONTH, date_trunc('month', today)),
    ('last_quarter', date_trunc('quarter', today) - INTERVAL 3 MONTH, date_trunc('quarter', today)),
    ('last_year', date_trunc('year', today) - INTERVAL 1 YEAR, date_trunc('year', today)),
    ('all', TIMESTAMP '1970-01-01', now)
) AS span(name, low, high)
"""

TOUCHES: Final = """
CREATE OR REPLACE TEMP TABLE touches AS
SELECT tenant, slot(t) AS slot,
       count(*) FILTER (type = 'crm.page.viewed') AS pages,
       count(*) FILTER (type = 'crm.email.clicked') AS clicks,
       count(*) FILTER (type = 'crm.call.ended' AND outcome = 'connected') AS talks,
       count(*) FILTER (type = 'crm.call.ended' AND direction = 'outbound') AS calls_out,
       count(*) FILTER (type = 'crm.call.ended' AND direction = 'outbound' AND outcome = 'connected') AS connected_out,
       count(*) FILTER (type IN ('crm.social.liked', 'crm.social.commented', 'crm.social.shared')) AS social,
       count(*) FILTER (type = 'crm.social.impression') AS impressions
FROM events
GROUP BY ALL
"""

PERSONS: Final = """
CREATE OR REPLACE TEMP TABLE persons AS
WITH masks AS (
    SELECT tenant, customer,
           bit_or(1::BIGINT << slot(t)) FILTER (type = 'crm.page.viewed') AS viewed,
           bit_or(1::BIGINT << slot(t)) AS engaged
    FROM events
    WHERE type IN ('crm.page.viewed', 'crm.email.opened', 'crm.email.clicked',
                   'crm.social.liked', 'crm.social.commented', 'crm.social.shared')
       OR (type = 'crm.call.ended' AND outcome = 'connected')
    GROUP BY ALL
)
SELECT tenant, viewed, engaged, count(*) AS number FROM masks GROUP BY ALL
"""

MAIL: Final = """
CREATE OR REPLACE TEMP TABLE mail AS
WITH messages AS MATERIALIZED (
    SELECT tenant, message,
           min(t) FILTER (type = 'crm.email.delivered') AS delivered_at,
           min(t) FILTER (type = 'crm.email.opened') AS opened_at,
           min(t) FILTER (type = 'crm.email.clicked') AS clicked_at,
           least(opened_at, clicked_at) AS read_at
    FROM events
    WHERE message IS NOT NULL
    GROUP BY ALL
)
SELECT tenant, slot(delivered_at) AS slot, count(*) AS delivered, count(read_at) AS opened, count(clicked_at) AS clicked
FROM messages WHERE delivered_at IS NOT NULL GROUP BY ALL
UNION ALL BY NAME
SELECT tenant, slot(read_at) AS slot, count(*) AS opened_then, count(*) FILTER (delivered_at IS NULL) AS orphans
FROM messages WHERE read_at IS NOT NULL GROUP BY ALL
UNION ALL BY NAME
SELECT tenant, slot(opened_at) AS slot, count(*) AS opens
FROM messages WHERE opened_at IS NOT NULL AND coalesce(clicked_at >= opened_at, true) GROUP BY ALL
"""

# The latest event decides: after the first `deal.created`, whatever its time, ordered by time, then moved, won, lost,
# then id. A later `deal.created` keeps the state but may set the amount. A deal without other events is ordered by id,
# as in the engine and the recount: none of its events lacks a version.
# It belongs to the customer its latest event names, by time and id alone.
DEALS: Final = """
CREATE OR REPLACE TEMP TABLE deal_events AS
WITH deal_rows AS (
    SELECT tenant, deal, customer, t, type, amount, id,
           CASE WHEN bool_or(type <> 'crm.deal.created') OVER (PARTITION BY tenant, deal) THEN t END AS moment,
           type = 'crm.deal.created' AND row_number() OVER (PARTITION BY tenant, deal, type ORDER BY t, id) = 1 AS first
    FROM events WHERE deal IS NOT NULL
),
placed AS (
    SELECT *, first OR type <> 'crm.deal.created' AS decides, row_number() OVER history AS place
    FROM deal_rows
    WINDOW history AS (PARTITION BY tenant, deal ORDER BY NOT first, moment, CASE type WHEN 'crm.deal.created' THEN 0
                       WHEN 'crm.deal.stage_changed' THEN 1 ELSE 2 END, id)
)
SELECT tenant, deal, customer, t, id, type, amount, place, decides,
       CASE type WHEN 'crm.deal.won' THEN 'won' WHEN 'crm.deal.lost' THEN 'lost' ELSE 'open' END AS state,
       lead(t) OVER (PARTITION BY tenant, deal, decides ORDER BY place) AS until
FROM placed;

CREATE OR REPLACE TEMP TABLE deals AS
SELECT tenant, deal, arg_max(state, place) FILTER (decides) AS state, arg_max(t, place) FILTER (decides) AS closed_at,
       arg_max(amount, place) AS amount,
       arg_max(customer, {t: t, id: id}) AS customer, min(t) FILTER (type = 'crm.deal.created') AS created_at
FROM deal_events
GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE closes AS
SELECT tenant, slot(closed_at) AS slot, state, amount,
       date_diff('day', epoch_ms(created_at)::DATE, epoch_ms(closed_at)::DATE) AS days
FROM deals
WHERE state <> 'open';

CREATE OR REPLACE TEMP TABLE open_deals AS
WITH spans AS (
    SELECT tenant, deals.amount, greatest(t, created_at) AS since, until
    FROM deal_events JOIN deals USING (tenant, deal)
    WHERE decides AND deal_events.state = 'open'
          AND created_at IS NOT NULL AND coalesce(until > created_at AND until > t, true)
)
SELECT tenant, slot(since) AS slot, count(*) AS standing, sum(amount) AS standing_value FROM spans GROUP BY ALL
UNION ALL BY NAME
SELECT tenant, slot(until) AS slot, -count(*) AS standing, -sum(amount) AS standing_value
FROM spans WHERE until IS NOT NULL GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE customers AS
WITH buyers AS (
    SELECT tenant, customer, min(closed_at) AS since,
           bit_or((2::BIGINT << slot(ceil((closed_at + 7776000000) / 900000)::BIGINT * 900000))
                  - (2::BIGINT << slot(closed_at))) AS active
    FROM deals WHERE state = 'won' GROUP BY ALL
)
SELECT tenant, slot(since) AS slot, active, count(*) AS number FROM buyers GROUP BY ALL
"""

# Sums of the slots of each window; a stock at its end is the sum of all slots before.
MEASURES: Final = """
WITH slots AS (
    FROM touches
    UNION ALL BY NAME FROM mail
    UNION ALL BY NAME FROM open_deals
    UNION ALL BY NAME SELECT tenant, slot, number AS new_customers FROM customers
    UNION ALL BY NAME
    SELECT tenant, slot, count(*) FILTER (state = 'won') AS won, count(*) FILTER (state = 'lost') AS lost,
           sum(amount) FILTER (state = 'won') AS won_value, sum(amount) FILTER (state = 'lost') AS lost_value
    FROM closes GROUP BY ALL
),
spans AS (SELECT name, slot(low) AS first, slot(high) AS after FROM windows),
flows AS (
    SELECT name, tenant, sum(COLUMNS(* EXCLUDE (name, first, after, tenant, slot, standing, standing_value))) AS "\\0"
    FROM spans JOIN slots ON slot >= first AND slot < after GROUP BY ALL
),
levels AS (
    SELECT name, tenant, sum(standing) AS open, sum(standing_value) AS open_value
    FROM spans JOIN slots ON slot < after GROUP BY ALL
),
undated AS (
    SELECT 'all' AS name, tenant, count(*) AS open_undated, sum(amount) AS open_undated_value
    FROM deals WHERE created_at IS NULL AND state = 'open' GROUP BY ALL
),
distinct_ones AS (
    SELECT name, tenant, sum(number) FILTER (viewed & mask <> 0) AS visitors,
           sum(number) FILTER (engaged & mask <> 0) AS engaged
    FROM persons, (SELECT name, (1::BIGINT << after) - (1::BIGINT << first) AS mask FROM spans) GROUP BY ALL
),
active AS (
    SELECT name, tenant, sum(number) AS active_customers
    FROM spans JOIN customers ON active & (1::BIGINT << after) <> 0 GROUP BY ALL
),
cycles AS (
    SELECT name, tenant, quantile_cont(days, 0.5) FILTER (state = 'won') AS cycle,
           quantile_cont(days, 0.9) FILTER (state = 'won') AS cycle_p90,
           quantile_cont(days, 0.5) FILTER (state = 'lost') AS cycle_lost, quantile_cont(days, 0.5) AS cycle_closed,
           sum(days) FILTER (state = 'won') AS cycle_days, count(*) FILTER (state = 'won') AS cycles,
           count(*) FILTER (state = 'lost') AS cycles_lost
    FROM spans JOIN closes ON slot >= first AND slot < after WHERE days >= 0 GROUP BY ALL
)
FROM (SELECT name, tenant FROM windows, (SELECT DISTINCT tenant FROM touches))
LEFT JOIN flows USING (name, tenant)
LEFT JOIN levels USING (name, tenant)
LEFT JOIN undated USING (name, tenant)
LEFT JOIN distinct_ones USING (name, tenant)
LEFT JOIN active USING (name, tenant)
LEFT JOIN cycles USING (name, tenant)
"""

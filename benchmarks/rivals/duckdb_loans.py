"""An exact DuckDB query: whole numbers of fen, rounded once, the firm's ceiling as a window over the file's order."""

import sys

import duckdb

QUERY = """
COPY (
  WITH given AS (
    SELECT *, row_number() OVER () AS n,
           CAST(replace(disbursed_amount, '.', '') AS BIGINT) * 15 * CAST(interest_paid_days AS BIGINT) AS exact,
           CAST(replace(interest_accrued, '.', '') AS BIGINT) AS interest,
           town_tier IN ('provincial_key', 'provincial_characteristic') AND is_leading_industry = 'true' AS fits
    FROM read_csv('{source}', all_varchar = true)
  ), due AS (
    SELECT *, CASE WHEN fits THEN least((2 * exact + 365000) // 730000, (8 * interest + 5) // 10) ELSE 0 END AS fen
    FROM given
  ), granted AS (
    SELECT *, greatest(0, least(fen, 100000000 + fen - sum(fen) OVER (
      PARTITION BY applicant_id, application_year ORDER BY n ROWS UNBOUNDED PRECEDING))) AS paid
    FROM due
  )
  SELECT * EXCLUDE (n, exact, interest, fits, fen, paid),
         CASE WHEN fits THEN 'eligible' ELSE 'ineligible' END AS status,
         (paid // 100) || '.' || lpad(CAST(paid % 100 AS VARCHAR), 2, '0') AS amount,
         CASE WHEN NOT fits THEN 'not_fitting' WHEN paid < fen THEN 'firm_cap' ELSE 'rate' END AS rule
  FROM granted ORDER BY n
) TO '{target}' (HEADER)
"""

duckdb.sql(QUERY.format(source=sys.argv[1], target=sys.argv[2]))

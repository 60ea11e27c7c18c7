#include "sink/postgres/state_sql.h"

#include "sink/postgres/state.h"

#include <assert.h>

/*
 * The store's id is made by the server, so that the script of --print-setup makes a new one in
 * every database it is run in. gen_random_uuid() came with PostgreSQL 13.
 */
#define NEW_STORE_ID                                                                               \
    "encode(substring(sha256(convert_to(concat_ws(' ', random(), random(), clock_timestamp(),\n"   \
    "        pg_backend_pid(), txid_current(), current_database(), inet_server_addr(),\n"          \
    "        inet_server_port(), pg_postmaster_start_time()), 'UTF8')) FROM 1 FOR 16), "           \
    "'hex')::uuid"

/* offsets is updated once a batch: room on its page keeps the updates HOT. */
#define VERSION_1                                                                                  \
    "CREATE TABLE IF NOT EXISTS meta (\n"                                                          \
    "    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),\n"                            \
    "    store_id uuid NOT NULL,\n"                                                                \
    "    schema_version integer NOT NULL,\n"                                                       \
    "    created_at timestamptz NOT NULL DEFAULT now()\n"                                          \
    ");\n"                                                                                         \
    "CREATE TABLE IF NOT EXISTS pipelines (\n"                                                     \
    "    name text PRIMARY KEY,\n"                                                                 \
    "    cluster_id text NOT NULL,\n"                                                              \
    "    topics text[] NOT NULL,\n"                                                                \
    "    table_schema text NOT NULL,\n"                                                            \
    "    table_name text NOT NULL,\n"                                                              \
    "    table_oid oid NOT NULL,\n"                                                                \
    "    base_rows bigint NOT NULL,\n"                                                             \
    "    base_stored bigint NOT NULL,\n"                                                           \
    "    epoch_floor bigint NOT NULL,\n"                                                           \
    "    accepted_at timestamptz,\n"                                                               \
    "    started_at timestamptz NOT NULL,\n"                                                       \
    "    created_at timestamptz NOT NULL DEFAULT now()\n"                                          \
    ");\n"                                                                                         \
    "CREATE TABLE IF NOT EXISTS offsets (\n"                                                       \
    "    pipeline text NOT NULL,\n"                                                                \
    "    topic text NOT NULL,\n"                                                                   \
    "    partition integer NOT NULL,\n"                                                            \
    "    start_offset bigint NOT NULL,\n"                                                          \
    "    next_offset bigint NOT NULL,\n"                                                           \
    "    owner_epoch bigint NOT NULL DEFAULT 0,\n"                                                 \
    "    owner text,\n"                                                                            \
    "    topic_id text NOT NULL DEFAULT '',\n"                                                     \
    "    last_offset bigint,\n"                                                                    \
    "    last_time bigint,\n"                                                                      \
    "    last_crc bigint,\n"                                                                       \
    "    rows bigint NOT NULL DEFAULT 0,\n"                                                        \
    "    dead bigint NOT NULL DEFAULT 0,\n"                                                        \
    "    filtered bigint NOT NULL DEFAULT 0,\n"                                                    \
    "    tombstones bigint NOT NULL DEFAULT 0,\n"                                                  \
    "    suppressed bigint NOT NULL DEFAULT 0,\n"                                                  \
    "    absent bigint NOT NULL DEFAULT 0,\n"                                                      \
    "    updated_at timestamptz NOT NULL DEFAULT now(),\n"                                         \
    "    PRIMARY KEY (pipeline, topic, partition)\n"                                               \
    ") WITH (fillfactor = 50);\n"                                                                  \
    "CREATE TABLE IF NOT EXISTS dead_letters (\n"                                                  \
    "    pipeline text NOT NULL,\n"                                                                \
    "    topic text NOT NULL,\n"                                                                   \
    "    partition integer NOT NULL,\n"                                                            \
    "    record_offset bigint NOT NULL,\n"                                                         \
    "    item integer NOT NULL DEFAULT 0,\n"                                                       \
    "    record_time timestamptz,\n"                                                               \
    "    key bytea,\n"                                                                             \
    "    value bytea,\n"                                                                           \
    "    headers jsonb,\n"                                                                         \
    "    column_name text,\n"                                                                      \
    "    reason text NOT NULL,\n"                                                                  \
    "    sqlstate text,\n"                                                                         \
    "    seen_at timestamptz NOT NULL DEFAULT now(),\n"                                            \
    "    replayed_at timestamptz,\n"                                                               \
    "    PRIMARY KEY (pipeline, topic, partition, record_offset, item)\n"                          \
    ");\n"                                                                                         \
    "INSERT INTO meta (store_id, schema_version)\n"                                                \
    "    SELECT " NEW_STORE_ID ", 1\n"                                                             \
    "    WHERE NOT EXISTS (SELECT FROM meta);\n"

const char *const state_migrations[] = {VERSION_1};

static_assert(sizeof state_migrations / sizeof *state_migrations == STATE_VERSION,
              "each version has its migration");
